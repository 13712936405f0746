// Every provider that this program brings along: one JSON file each, and no other list of them.
import airtable from "./airtable.json" with { type: "json" };
import amazonCognito from "./amazon-cognito.json" with { type: "json" };
import asana from "./asana.json" with { type: "json" };
import atlassian from "./atlassian.json" with { type: "json" };
import auth0 from "./auth0.json" with { type: "json" };
import bitbucket from "./bitbucket.json" with { type: "json" };
import box from "./box.json" with { type: "json" };
import canva from "./canva.json" with { type: "json" };
import digitalocean from "./digitalocean.json" with { type: "json" };
import discord from "./discord.json" with { type: "json" };
import dropbox from "./dropbox.json" with { type: "json" };
import gitea from "./gitea.json" with { type: "json" };
import github from "./github.json" with { type: "json" };
import githubEnterprise from "./github-enterprise.json" with { type: "json" };
import gitlab from "./gitlab.json" with { type: "json" };
import google from "./google.json" with { type: "json" };
import heroku from "./heroku.json" with { type: "json" };
import hubspot from "./hubspot.json" with { type: "json" };
import huggingface from "./huggingface.json" with { type: "json" };
import keycloak from "./keycloak.json" with { type: "json" };
import klaviyo from "./klaviyo.json" with { type: "json" };
import linear from "./linear.json" with { type: "json" };
import linearMcp from "./linear-mcp.json" with { type: "json" };
import linkedin from "./linkedin.json" with { type: "json" };
import microsoft from "./microsoft.json" with { type: "json" };
import miro from "./miro.json" with { type: "json" };
import neonMcp from "./neon-mcp.json" with { type: "json" };
import netlify from "./netlify.json" with { type: "json" };
import notionMcp from "./notion-mcp.json" with { type: "json" };
import okta from "./okta.json" with { type: "json" };
import reddit from "./reddit.json" with { type: "json" };
import resend from "./resend.json" with { type: "json" };
import salesforce from "./salesforce.json" with { type: "json" };
import sanityMcp from "./sanity-mcp.json" with { type: "json" };
import sentry from "./sentry.json" with { type: "json" };
import slack from "./slack.json" with { type: "json" };
import snowflake from "./snowflake.json" with { type: "json" };
import spotify from "./spotify.json" with { type: "json" };
import strava from "./strava.json" with { type: "json" };
import supabaseMcp from "./supabase-mcp.json" with { type: "json" };
import todoist from "./todoist.json" with { type: "json" };
import twitch from "./twitch.json" with { type: "json" };
import typeform from "./typeform.json" with { type: "json" };
import x from "./x.json" with { type: "json" };
import zendesk from "./zendesk.json" with { type: "json" };
import zoom from "./zoom.json" with { type: "json" };

export const BUNDLED: readonly { readonly id: string }[] = [
  airtable, amazonCognito, asana, atlassian, auth0, bitbucket, box, canva,
  digitalocean, discord, dropbox, gitea, github, githubEnterprise, gitlab, google,
  heroku, hubspot, huggingface, keycloak, klaviyo, linear, linearMcp, linkedin, microsoft,
  miro, neonMcp, netlify, notionMcp, okta, reddit, resend, salesforce,
  sanityMcp, sentry, slack, snowflake, spotify, strava, supabaseMcp, todoist,
  twitch, typeform, x, zendesk, zoom,
];
