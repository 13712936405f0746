// What a profile for macOS says, from the same plan of the disk as on Linux. Nothing is mounted there: what is hidden is denied, the home folder is the real one, and read-only.
import { join } from "node:path";
import type { FilesListing } from "../files/files-plan.ts";
import type { MacWall } from "./profile.ts";

export interface MacPlan {
  readonly listing: FilesListing;
  /** Files below home that are replaced by renaming. */
  readonly replaced: readonly string[];
  /** Without links, as all paths here. */
  readonly home: string;
  /** Of the run: what is in it may be read, though it lies in the vault's folders. */
  readonly folder: string;
  /** In that folder: writable, in place of a /tmp of the program's own. */
  readonly temporary: string;
  /** Files with values that the vault holds: on Linux others are shown in their place. */
  readonly withValues: readonly string[];
  readonly proxyUrl: string;
  readonly hostPorts: readonly number[];
}

/** Logins, messages and what programs keep for themselves, in the home folder, beside what is hidden on every system. */
const HIDDEN = [
  "Library/Accounts", "Library/Application Support/AddressBook", "Library/Application Support/BraveSoftware", "Library/Application Support/Chromium", "Library/Application Support/Claude", "Library/Application Support/Code", "Library/Application Support/com.apple.TCC",
  "Library/Application Support/Cursor", "Library/Application Support/discord", "Library/Application Support/Firefox", "Library/Application Support/Google", "Library/Application Support/Microsoft Edge", "Library/Application Support/Slack", "Library/Application Support/Signal",
  "Library/Application Support/1Password", "Library/Application Support/Bitwarden", "Library/Calendars", "Library/Containers", "Library/Cookies", "Library/Group Containers", "Library/HTTPStorages", "Library/IdentityServices", "Library/Keychains", "Library/Mail", "Library/Messages", "Library/Mobile Documents", "Library/Safari", "Library/WebKit",
] as const;

/** Pure. */
export function planMacWall({ listing, replaced, home, folder, temporary, withValues, proxyUrl, hostPorts }: MacPlan): MacWall {
  return {
    ports: [Number(new URL(proxyUrl).port), ...hostPorts],
    writable: listing.writable,
    replaced: replaced.map((path) => join(home, path)),
    protected: listing.protected,
    hidden: [...listing.hidden, ...HIDDEN.map((path) => join(home, path)), ...withValues],
    shown: [folder],
    temporary,
  };
}
