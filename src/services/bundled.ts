// Every service that this program brings along: one JSON file each, and no other list of them.
import ai21 from "./ai21.json" with { type: "json" };
import airtable from "./airtable.json" with { type: "json" };
import alphaVantage from "./alpha-vantage.json" with { type: "json" };
import anthropic from "./anthropic.json" with { type: "json" };
import apify from "./apify.json" with { type: "json" };
import asana from "./asana.json" with { type: "json" };
import assemblyai from "./assemblyai.json" with { type: "json" };
import braveSearch from "./brave-search.json" with { type: "json" };
import brevo from "./brevo.json" with { type: "json" };
import browserbase from "./browserbase.json" with { type: "json" };
import buildkite from "./buildkite.json" with { type: "json" };
import cartesia from "./cartesia.json" with { type: "json" };
import cerebras from "./cerebras.json" with { type: "json" };
import circleci from "./circleci.json" with { type: "json" };
import clerk from "./clerk.json" with { type: "json" };
import clickup from "./clickup.json" with { type: "json" };
import cloudflare from "./cloudflare.json" with { type: "json" };
import cohere from "./cohere.json" with { type: "json" };
import contentful from "./contentful.json" with { type: "json" };
import cratesIo from "./crates-io.json" with { type: "json" };
import dashscope from "./dashscope.json" with { type: "json" };
import datadog from "./datadog.json" with { type: "json" };
import datadogApplication from "./datadog-application.json" with { type: "json" };
import deepgram from "./deepgram.json" with { type: "json" };
import deepinfra from "./deepinfra.json" with { type: "json" };
import deepseek from "./deepseek.json" with { type: "json" };
import digitalocean from "./digitalocean.json" with { type: "json" };
import discord from "./discord.json" with { type: "json" };
import doppler from "./doppler.json" with { type: "json" };
import dropbox from "./dropbox.json" with { type: "json" };
import elevenlabs from "./elevenlabs.json" with { type: "json" };
import exa from "./exa.json" with { type: "json" };
import fal from "./fal.json" with { type: "json" };
import figma from "./figma.json" with { type: "json" };
import firecrawl from "./firecrawl.json" with { type: "json" };
import fireworks from "./fireworks.json" with { type: "json" };
import github from "./github.json" with { type: "json" };
import gitlab from "./gitlab.json" with { type: "json" };
import googleGemini from "./google-gemini.json" with { type: "json" };
import googleMaps from "./google-maps.json" with { type: "json" };
import groq from "./groq.json" with { type: "json" };
import heroku from "./heroku.json" with { type: "json" };
import hetzner from "./hetzner.json" with { type: "json" };
import honeycomb from "./honeycomb.json" with { type: "json" };
import hubspot from "./hubspot.json" with { type: "json" };
import huggingface from "./huggingface.json" with { type: "json" };
import intercom from "./intercom.json" with { type: "json" };
import jina from "./jina.json" with { type: "json" };
import langsmith from "./langsmith.json" with { type: "json" };
import launchdarkly from "./launchdarkly.json" with { type: "json" };
import lemonSqueezy from "./lemon-squeezy.json" with { type: "json" };
import linear from "./linear.json" with { type: "json" };
import linode from "./linode.json" with { type: "json" };
import mailgun from "./mailgun.json" with { type: "json" };
import mistral from "./mistral.json" with { type: "json" };
import monday from "./monday.json" with { type: "json" };
import moonshot from "./moonshot.json" with { type: "json" };
import neon from "./neon.json" with { type: "json" };
import netlify from "./netlify.json" with { type: "json" };
import newRelic from "./new-relic.json" with { type: "json" };
import newsApi from "./news-api.json" with { type: "json" };
import ngrok from "./ngrok.json" with { type: "json" };
import notion from "./notion.json" with { type: "json" };
import npm from "./npm.json" with { type: "json" };
import nvidia from "./nvidia.json" with { type: "json" };
import openai from "./openai.json" with { type: "json" };
import openrouter from "./openrouter.json" with { type: "json" };
import openweathermap from "./openweathermap.json" with { type: "json" };
import paddle from "./paddle.json" with { type: "json" };
import pagerduty from "./pagerduty.json" with { type: "json" };
import perplexity from "./perplexity.json" with { type: "json" };
import pexels from "./pexels.json" with { type: "json" };
import posthog from "./posthog.json" with { type: "json" };
import postmark from "./postmark.json" with { type: "json" };
import pulumi from "./pulumi.json" with { type: "json" };
import pypi from "./pypi.json" with { type: "json" };
import railway from "./railway.json" with { type: "json" };
import render from "./render.json" with { type: "json" };
import replicate from "./replicate.json" with { type: "json" };
import resend from "./resend.json" with { type: "json" };
import rubygems from "./rubygems.json" with { type: "json" };
import runway from "./runway.json" with { type: "json" };
import sambanova from "./sambanova.json" with { type: "json" };
import sendgrid from "./sendgrid.json" with { type: "json" };
import sentry from "./sentry.json" with { type: "json" };
import serpapi from "./serpapi.json" with { type: "json" };
import serper from "./serper.json" with { type: "json" };
import slack from "./slack.json" with { type: "json" };
import square from "./square.json" with { type: "json" };
import stability from "./stability.json" with { type: "json" };
import stripe from "./stripe.json" with { type: "json" };
import supabase from "./supabase.json" with { type: "json" };
import tailscale from "./tailscale.json" with { type: "json" };
import tavily from "./tavily.json" with { type: "json" };
import telegram from "./telegram.json" with { type: "json" };
import terraform from "./terraform.json" with { type: "json" };
import todoist from "./todoist.json" with { type: "json" };
import together from "./together.json" with { type: "json" };
import turso from "./turso.json" with { type: "json" };
import twilio from "./twilio.json" with { type: "json" };
import unsplash from "./unsplash.json" with { type: "json" };
import vercel from "./vercel.json" with { type: "json" };
import voyage from "./voyage.json" with { type: "json" };
import vultr from "./vultr.json" with { type: "json" };
import wandb from "./wandb.json" with { type: "json" };
import workos from "./workos.json" with { type: "json" };
import xai from "./xai.json" with { type: "json" };

/** As the files have them: `parseService` makes services of them. */
export const BUNDLED: readonly unknown[] = [
  ai21, airtable, alphaVantage, anthropic, apify, asana, assemblyai, braveSearch,
  brevo, browserbase, buildkite, cartesia, cerebras, circleci, clerk, clickup,
  cloudflare, cohere, contentful, cratesIo, dashscope, datadog, datadogApplication, deepgram,
  deepinfra, deepseek, digitalocean, discord, doppler, dropbox, elevenlabs, exa,
  fal, figma, firecrawl, fireworks, github, gitlab, googleGemini, googleMaps,
  groq, heroku, hetzner, honeycomb, hubspot, huggingface, intercom, jina,
  langsmith, launchdarkly, lemonSqueezy, linear, linode, mailgun, mistral, monday,
  moonshot, neon, netlify, newRelic, newsApi, ngrok, notion, npm,
  nvidia, openai, openrouter, openweathermap, paddle, pagerduty, perplexity, pexels,
  posthog, postmark, pulumi, pypi, railway, render, replicate, resend,
  rubygems, runway, sambanova, sendgrid, sentry, serpapi, serper, slack,
  square, stability, stripe, supabase, tailscale, tavily, telegram, terraform,
  todoist, together, turso, twilio, unsplash, vercel, voyage, vultr,
  wandb, workos, xai,
];
