// Every service that this program brings along: one JSON file each, and no other list of them.
import type { Service } from "./entry.ts";
import ai21 from "./ai21.json" with { type: "json" };
import airtable from "./airtable.json" with { type: "json" };
import algolia from "./algolia.json" with { type: "json" };
import alphaVantage from "./alpha-vantage.json" with { type: "json" };
import anthropic from "./anthropic.json" with { type: "json" };
import apify from "./apify.json" with { type: "json" };
import asana from "./asana.json" with { type: "json" };
import assemblyai from "./assemblyai.json" with { type: "json" };
import atlassian from "./atlassian.json" with { type: "json" };
import attio from "./attio.json" with { type: "json" };
import awsBedrock from "./aws-bedrock.json" with { type: "json" };
import axiom from "./axiom.json" with { type: "json" };
import azureOpenai from "./azure-openai.json" with { type: "json" };
import baseten from "./baseten.json" with { type: "json" };
import bitbucket from "./bitbucket.json" with { type: "json" };
import bitly from "./bitly.json" with { type: "json" };
import blackForestLabs from "./black-forest-labs.json" with { type: "json" };
import braintrust from "./braintrust.json" with { type: "json" };
import braveSearch from "./brave-search.json" with { type: "json" };
import brevo from "./brevo.json" with { type: "json" };
import brightdata from "./brightdata.json" with { type: "json" };
import browserbase from "./browserbase.json" with { type: "json" };
import buildkite from "./buildkite.json" with { type: "json" };
import calCom from "./cal-com.json" with { type: "json" };
import calendly from "./calendly.json" with { type: "json" };
import cartesia from "./cartesia.json" with { type: "json" };
import cerebras from "./cerebras.json" with { type: "json" };
import circleci from "./circleci.json" with { type: "json" };
import clarifai from "./clarifai.json" with { type: "json" };
import clerk from "./clerk.json" with { type: "json" };
import clickup from "./clickup.json" with { type: "json" };
import clockify from "./clockify.json" with { type: "json" };
import cloudflare from "./cloudflare.json" with { type: "json" };
import coda from "./coda.json" with { type: "json" };
import codecov from "./codecov.json" with { type: "json" };
import codestral from "./codestral.json" with { type: "json" };
import cohere from "./cohere.json" with { type: "json" };
import coingecko from "./coingecko.json" with { type: "json" };
import composio from "./composio.json" with { type: "json" };
import contentful from "./contentful.json" with { type: "json" };
import cratesIo from "./crates-io.json" with { type: "json" };
import dashscope from "./dashscope.json" with { type: "json" };
import databricks from "./databricks.json" with { type: "json" };
import datadog from "./datadog.json" with { type: "json" };
import datadogApplication from "./datadog-application.json" with { type: "json" };
import deepgram from "./deepgram.json" with { type: "json" };
import deepinfra from "./deepinfra.json" with { type: "json" };
import deepl from "./deepl.json" with { type: "json" };
import deepseek from "./deepseek.json" with { type: "json" };
import digitalocean from "./digitalocean.json" with { type: "json" };
import digitaloceanGradient from "./digitalocean-gradient.json" with { type: "json" };
import discord from "./discord.json" with { type: "json" };
import doppler from "./doppler.json" with { type: "json" };
import dropbox from "./dropbox.json" with { type: "json" };
import e2b from "./e2b.json" with { type: "json" };
import elevenlabs from "./elevenlabs.json" with { type: "json" };
import etherscan from "./etherscan.json" with { type: "json" };
import exa from "./exa.json" with { type: "json" };
import expo from "./expo.json" with { type: "json" };
import fal from "./fal.json" with { type: "json" };
import fastly from "./fastly.json" with { type: "json" };
import featherless from "./featherless.json" with { type: "json" };
import figma from "./figma.json" with { type: "json" };
import finnhub from "./finnhub.json" with { type: "json" };
import firecrawl from "./firecrawl.json" with { type: "json" };
import fireworks from "./fireworks.json" with { type: "json" };
import fly from "./fly.json" with { type: "json" };
import freshdesk from "./freshdesk.json" with { type: "json" };
import friendli from "./friendli.json" with { type: "json" };
import github from "./github.json" with { type: "json" };
import githubCopilot from "./github-copilot.json" with { type: "json" };
import gitlab from "./gitlab.json" with { type: "json" };
import gocardless from "./gocardless.json" with { type: "json" };
import googleGemini from "./google-gemini.json" with { type: "json" };
import googleMaps from "./google-maps.json" with { type: "json" };
import grafana from "./grafana.json" with { type: "json" };
import groq from "./groq.json" with { type: "json" };
import harvest from "./harvest.json" with { type: "json" };
import helicone from "./helicone.json" with { type: "json" };
import heroku from "./heroku.json" with { type: "json" };
import hetzner from "./hetzner.json" with { type: "json" };
import heygen from "./heygen.json" with { type: "json" };
import honeycomb from "./honeycomb.json" with { type: "json" };
import hubspot from "./hubspot.json" with { type: "json" };
import huggingface from "./huggingface.json" with { type: "json" };
import hume from "./hume.json" with { type: "json" };
import hunter from "./hunter.json" with { type: "json" };
import hyperbrowser from "./hyperbrowser.json" with { type: "json" };
import ideogram from "./ideogram.json" with { type: "json" };
import intercom from "./intercom.json" with { type: "json" };
import jina from "./jina.json" with { type: "json" };
import kaggle from "./kaggle.json" with { type: "json" };
import klaviyo from "./klaviyo.json" with { type: "json" };
import lambda from "./lambda.json" with { type: "json" };
import langfuse from "./langfuse.json" with { type: "json" };
import langsmith from "./langsmith.json" with { type: "json" };
import launchdarkly from "./launchdarkly.json" with { type: "json" };
import lemonSqueezy from "./lemon-squeezy.json" with { type: "json" };
import line from "./line.json" with { type: "json" };
import linear from "./linear.json" with { type: "json" };
import linkup from "./linkup.json" with { type: "json" };
import linode from "./linode.json" with { type: "json" };
import llamacloud from "./llamacloud.json" with { type: "json" };
import luma from "./luma.json" with { type: "json" };
import mailchimp from "./mailchimp.json" with { type: "json" };
import mailerlite from "./mailerlite.json" with { type: "json" };
import mailgun from "./mailgun.json" with { type: "json" };
import mailjet from "./mailjet.json" with { type: "json" };
import mapbox from "./mapbox.json" with { type: "json" };
import mem0 from "./mem0.json" with { type: "json" };
import messagebird from "./messagebird.json" with { type: "json" };
import metaGraph from "./meta-graph.json" with { type: "json" };
import metaLlama from "./meta-llama.json" with { type: "json" };
import minimax from "./minimax.json" with { type: "json" };
import mistral from "./mistral.json" with { type: "json" };
import modelscope from "./modelscope.json" with { type: "json" };
import mollie from "./mollie.json" with { type: "json" };
import monday from "./monday.json" with { type: "json" };
import moonshot from "./moonshot.json" with { type: "json" };
import nasa from "./nasa.json" with { type: "json" };
import nebius from "./nebius.json" with { type: "json" };
import neon from "./neon.json" with { type: "json" };
import netlify from "./netlify.json" with { type: "json" };
import newRelic from "./new-relic.json" with { type: "json" };
import newsApi from "./news-api.json" with { type: "json" };
import ngrok from "./ngrok.json" with { type: "json" };
import notion from "./notion.json" with { type: "json" };
import novita from "./novita.json" with { type: "json" };
import npm from "./npm.json" with { type: "json" };
import nuget from "./nuget.json" with { type: "json" };
import nvidia from "./nvidia.json" with { type: "json" };
import okta from "./okta.json" with { type: "json" };
import ollama from "./ollama.json" with { type: "json" };
import openai from "./openai.json" with { type: "json" };
import opencode from "./opencode.json" with { type: "json" };
import openrouter from "./openrouter.json" with { type: "json" };
import openweathermap from "./openweathermap.json" with { type: "json" };
import opsgenie from "./opsgenie.json" with { type: "json" };
import ovhcloudAi from "./ovhcloud-ai.json" with { type: "json" };
import paddle from "./paddle.json" with { type: "json" };
import pagerduty from "./pagerduty.json" with { type: "json" };
import parallel from "./parallel.json" with { type: "json" };
import paypal from "./paypal.json" with { type: "json" };
import paystack from "./paystack.json" with { type: "json" };
import perplexity from "./perplexity.json" with { type: "json" };
import pexels from "./pexels.json" with { type: "json" };
import pinecone from "./pinecone.json" with { type: "json" };
import pipedrive from "./pipedrive.json" with { type: "json" };
import polar from "./polar.json" with { type: "json" };
import polygon from "./polygon.json" with { type: "json" };
import posthog from "./posthog.json" with { type: "json" };
import postmark from "./postmark.json" with { type: "json" };
import pulumi from "./pulumi.json" with { type: "json" };
import pypi from "./pypi.json" with { type: "json" };
import qdrant from "./qdrant.json" with { type: "json" };
import railway from "./railway.json" with { type: "json" };
import razorpay from "./razorpay.json" with { type: "json" };
import readwise from "./readwise.json" with { type: "json" };
import render from "./render.json" with { type: "json" };
import replicate from "./replicate.json" with { type: "json" };
import resend from "./resend.json" with { type: "json" };
import rubygems from "./rubygems.json" with { type: "json" };
import runpod from "./runpod.json" with { type: "json" };
import runway from "./runway.json" with { type: "json" };
import sambanova from "./sambanova.json" with { type: "json" };
import sanity from "./sanity.json" with { type: "json" };
import scaleway from "./scaleway.json" with { type: "json" };
import scrapingbee from "./scrapingbee.json" with { type: "json" };
import searchapi from "./searchapi.json" with { type: "json" };
import sendgrid from "./sendgrid.json" with { type: "json" };
import sentry from "./sentry.json" with { type: "json" };
import serpapi from "./serpapi.json" with { type: "json" };
import serper from "./serper.json" with { type: "json" };
import shodan from "./shodan.json" with { type: "json" };
import shopify from "./shopify.json" with { type: "json" };
import shortcut from "./shortcut.json" with { type: "json" };
import slack from "./slack.json" with { type: "json" };
import snyk from "./snyk.json" with { type: "json" };
import sonarqubeCloud from "./sonarqube-cloud.json" with { type: "json" };
import square from "./square.json" with { type: "json" };
import stability from "./stability.json" with { type: "json" };
import steel from "./steel.json" with { type: "json" };
import stripe from "./stripe.json" with { type: "json" };
import supabase from "./supabase.json" with { type: "json" };
import supabaseProject from "./supabase-project.json" with { type: "json" };
import tailscale from "./tailscale.json" with { type: "json" };
import tavily from "./tavily.json" with { type: "json" };
import telegram from "./telegram.json" with { type: "json" };
import terraform from "./terraform.json" with { type: "json" };
import tmdb from "./tmdb.json" with { type: "json" };
import todoist from "./todoist.json" with { type: "json" };
import together from "./together.json" with { type: "json" };
import toggl from "./toggl.json" with { type: "json" };
import trello from "./trello.json" with { type: "json" };
import turso from "./turso.json" with { type: "json" };
import twilio from "./twilio.json" with { type: "json" };
import typeform from "./typeform.json" with { type: "json" };
import unsplash from "./unsplash.json" with { type: "json" };
import unstructured from "./unstructured.json" with { type: "json" };
import upstage from "./upstage.json" with { type: "json" };
import upstash from "./upstash.json" with { type: "json" };
import urlscan from "./urlscan.json" with { type: "json" };
import v0 from "./v0.json" with { type: "json" };
import vapi from "./vapi.json" with { type: "json" };
import venice from "./venice.json" with { type: "json" };
import vercel from "./vercel.json" with { type: "json" };
import vercelAiGateway from "./vercel-ai-gateway.json" with { type: "json" };
import virustotal from "./virustotal.json" with { type: "json" };
import volcengine from "./volcengine.json" with { type: "json" };
import voyage from "./voyage.json" with { type: "json" };
import vultr from "./vultr.json" with { type: "json" };
import wandb from "./wandb.json" with { type: "json" };
import weaviate from "./weaviate.json" with { type: "json" };
import webflow from "./webflow.json" with { type: "json" };
import wise from "./wise.json" with { type: "json" };
import wolframAlpha from "./wolfram-alpha.json" with { type: "json" };
import workos from "./workos.json" with { type: "json" };
import writer from "./writer.json" with { type: "json" };
import x from "./x.json" with { type: "json" };
import xai from "./xai.json" with { type: "json" };
import youCom from "./you-com.json" with { type: "json" };
import zai from "./zai.json" with { type: "json" };
import zendesk from "./zendesk.json" with { type: "json" };
import zhipu from "./zhipu.json" with { type: "json" };

/** As the files have them: `parseService` makes services of them. */
export const BUNDLED: readonly Pick<Service, "id" | "variables">[] = [
  ai21, airtable, algolia, alphaVantage, anthropic, apify, asana, assemblyai,
  atlassian, attio, awsBedrock, axiom, azureOpenai, baseten, bitbucket, bitly,
  blackForestLabs, braintrust, braveSearch, brevo, brightdata, browserbase, buildkite, calCom,
  calendly, cartesia, cerebras, circleci, clarifai, clerk, clickup, clockify,
  cloudflare, coda, codecov, codestral, cohere, coingecko, composio, contentful,
  cratesIo, dashscope, databricks, datadog, datadogApplication, deepgram, deepinfra, deepl,
  deepseek, digitalocean, digitaloceanGradient, discord, doppler, dropbox, e2b, elevenlabs,
  etherscan, exa, expo, fal, fastly, featherless, figma, finnhub,
  firecrawl, fireworks, fly, freshdesk, friendli, github, githubCopilot, gitlab,
  gocardless, googleGemini, googleMaps, grafana, groq, harvest, helicone, heroku,
  hetzner, heygen, honeycomb, hubspot, huggingface, hume, hunter, hyperbrowser,
  ideogram, intercom, jina, kaggle, klaviyo, lambda, langfuse, langsmith,
  launchdarkly, lemonSqueezy, line, linear, linkup, linode, llamacloud, luma,
  mailchimp, mailerlite, mailgun, mailjet, mapbox, mem0, messagebird, metaGraph,
  metaLlama, minimax, mistral, modelscope, mollie, monday, moonshot, nasa,
  nebius, neon, netlify, newRelic, newsApi, ngrok, notion, novita,
  npm, nuget, nvidia, okta, ollama, openai, opencode, openrouter,
  openweathermap, opsgenie, ovhcloudAi, paddle, pagerduty, parallel, paypal, paystack,
  perplexity, pexels, pinecone, pipedrive, polar, polygon, posthog, postmark,
  pulumi, pypi, qdrant, railway, razorpay, readwise, render, replicate,
  resend, rubygems, runpod, runway, sambanova, sanity, scaleway, scrapingbee,
  searchapi, sendgrid, sentry, serpapi, serper, shodan, shopify, shortcut,
  slack, snyk, sonarqubeCloud, square, stability, steel, stripe, supabase,
  supabaseProject, tailscale, tavily, telegram, terraform, tmdb, todoist, together,
  toggl, trello, turso, twilio, typeform, unsplash, unstructured, upstage,
  upstash, urlscan, v0, vapi, venice, vercel, vercelAiGateway, virustotal,
  volcengine, voyage, vultr, wandb, weaviate, webflow, wise, wolframAlpha,
  workos, writer, x, xai, youCom, zai, zendesk, zhipu,
];
