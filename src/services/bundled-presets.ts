// The presets of the services that come with this program: one file each, named as the service, and no other list of them.
import airtable from "./presets/airtable.json" with { type: "json" };
import anthropic from "./presets/anthropic.json" with { type: "json" };
import asana from "./presets/asana.json" with { type: "json" };
import atlassian from "./presets/atlassian.json" with { type: "json" };
import awsBedrock from "./presets/aws-bedrock.json" with { type: "json" };
import azureOpenai from "./presets/azure-openai.json" with { type: "json" };
import bitbucket from "./presets/bitbucket.json" with { type: "json" };
import buildkite from "./presets/buildkite.json" with { type: "json" };
import circleci from "./presets/circleci.json" with { type: "json" };
import cloudflare from "./presets/cloudflare.json" with { type: "json" };
import cohere from "./presets/cohere.json" with { type: "json" };
import cratesIo from "./presets/crates-io.json" with { type: "json" };
import datadog from "./presets/datadog.json" with { type: "json" };
import datadogApplication from "./presets/datadog-application.json" with { type: "json" };
import deepseek from "./presets/deepseek.json" with { type: "json" };
import digitalocean from "./presets/digitalocean.json" with { type: "json" };
import discord from "./presets/discord.json" with { type: "json" };
import dropbox from "./presets/dropbox.json" with { type: "json" };
import figma from "./presets/figma.json" with { type: "json" };
import fly from "./presets/fly.json" with { type: "json" };
import github from "./presets/github.json" with { type: "json" };
import gitlab from "./presets/gitlab.json" with { type: "json" };
import googleGemini from "./presets/google-gemini.json" with { type: "json" };
import groq from "./presets/groq.json" with { type: "json" };
import heroku from "./presets/heroku.json" with { type: "json" };
import hetzner from "./presets/hetzner.json" with { type: "json" };
import hubspot from "./presets/hubspot.json" with { type: "json" };
import huggingface from "./presets/huggingface.json" with { type: "json" };
import linear from "./presets/linear.json" with { type: "json" };
import linode from "./presets/linode.json" with { type: "json" };
import mailgun from "./presets/mailgun.json" with { type: "json" };
import mapbox from "./presets/mapbox.json" with { type: "json" };
import mistral from "./presets/mistral.json" with { type: "json" };
import monday from "./presets/monday.json" with { type: "json" };
import neon from "./presets/neon.json" with { type: "json" };
import netlify from "./presets/netlify.json" with { type: "json" };
import notion from "./presets/notion.json" with { type: "json" };
import npm from "./presets/npm.json" with { type: "json" };
import openai from "./presets/openai.json" with { type: "json" };
import openrouter from "./presets/openrouter.json" with { type: "json" };
import pagerduty from "./presets/pagerduty.json" with { type: "json" };
import postmark from "./presets/postmark.json" with { type: "json" };
import pypi from "./presets/pypi.json" with { type: "json" };
import render from "./presets/render.json" with { type: "json" };
import replicate from "./presets/replicate.json" with { type: "json" };
import resend from "./presets/resend.json" with { type: "json" };
import sendgrid from "./presets/sendgrid.json" with { type: "json" };
import sentry from "./presets/sentry.json" with { type: "json" };
import shopify from "./presets/shopify.json" with { type: "json" };
import slack from "./presets/slack.json" with { type: "json" };
import square from "./presets/square.json" with { type: "json" };
import stripe from "./presets/stripe.json" with { type: "json" };
import supabase from "./presets/supabase.json" with { type: "json" };
import supabaseProject from "./presets/supabase-project.json" with { type: "json" };
import tailscale from "./presets/tailscale.json" with { type: "json" };
import telegram from "./presets/telegram.json" with { type: "json" };
import terraform from "./presets/terraform.json" with { type: "json" };
import trello from "./presets/trello.json" with { type: "json" };
import twilio from "./presets/twilio.json" with { type: "json" };
import vercel from "./presets/vercel.json" with { type: "json" };

/** As the files have them: `parsePresets` makes presets of them. */
export const BUNDLED_PRESETS: readonly { readonly service: string; readonly presets: unknown }[] = [
  { service: "airtable", presets: airtable.presets },
  { service: "anthropic", presets: anthropic.presets },
  { service: "asana", presets: asana.presets },
  { service: "atlassian", presets: atlassian.presets },
  { service: "aws-bedrock", presets: awsBedrock.presets },
  { service: "azure-openai", presets: azureOpenai.presets },
  { service: "bitbucket", presets: bitbucket.presets },
  { service: "buildkite", presets: buildkite.presets },
  { service: "circleci", presets: circleci.presets },
  { service: "cloudflare", presets: cloudflare.presets },
  { service: "cohere", presets: cohere.presets },
  { service: "crates-io", presets: cratesIo.presets },
  { service: "datadog", presets: datadog.presets },
  { service: "datadog-application", presets: datadogApplication.presets },
  { service: "deepseek", presets: deepseek.presets },
  { service: "digitalocean", presets: digitalocean.presets },
  { service: "discord", presets: discord.presets },
  { service: "dropbox", presets: dropbox.presets },
  { service: "figma", presets: figma.presets },
  { service: "fly", presets: fly.presets },
  { service: "github", presets: github.presets },
  { service: "gitlab", presets: gitlab.presets },
  { service: "google-gemini", presets: googleGemini.presets },
  { service: "groq", presets: groq.presets },
  { service: "heroku", presets: heroku.presets },
  { service: "hetzner", presets: hetzner.presets },
  { service: "hubspot", presets: hubspot.presets },
  { service: "huggingface", presets: huggingface.presets },
  { service: "linear", presets: linear.presets },
  { service: "linode", presets: linode.presets },
  { service: "mailgun", presets: mailgun.presets },
  { service: "mapbox", presets: mapbox.presets },
  { service: "mistral", presets: mistral.presets },
  { service: "monday", presets: monday.presets },
  { service: "neon", presets: neon.presets },
  { service: "netlify", presets: netlify.presets },
  { service: "notion", presets: notion.presets },
  { service: "npm", presets: npm.presets },
  { service: "openai", presets: openai.presets },
  { service: "openrouter", presets: openrouter.presets },
  { service: "pagerduty", presets: pagerduty.presets },
  { service: "postmark", presets: postmark.presets },
  { service: "pypi", presets: pypi.presets },
  { service: "render", presets: render.presets },
  { service: "replicate", presets: replicate.presets },
  { service: "resend", presets: resend.presets },
  { service: "sendgrid", presets: sendgrid.presets },
  { service: "sentry", presets: sentry.presets },
  { service: "shopify", presets: shopify.presets },
  { service: "slack", presets: slack.presets },
  { service: "square", presets: square.presets },
  { service: "stripe", presets: stripe.presets },
  { service: "supabase", presets: supabase.presets },
  { service: "supabase-project", presets: supabaseProject.presets },
  { service: "tailscale", presets: tailscale.presets },
  { service: "telegram", presets: telegram.presets },
  { service: "terraform", presets: terraform.presets },
  { service: "trello", presets: trello.presets },
  { service: "twilio", presets: twilio.presets },
  { service: "vercel", presets: vercel.presets },
];
