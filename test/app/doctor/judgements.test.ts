import { describe, expect, test } from "vitest";
import { findSyncService, judgeHolding } from "../../../src/app/doctor/file-system.ts";
import type { Finding } from "../../../src/app/doctor/finding.ts";
import { shellWord } from "../../../src/app/doctor/finding.ts";
import { judgeNode } from "../../../src/app/doctor/node-version.ts";
import type { Place, Sight } from "../../../src/app/doctor/places.ts";
import { judgeAncestor, judgePlace } from "../../../src/app/doctor/places.ts";

const levels = (findings: readonly Finding[]): string[] => findings.map(({ level }) => level);

test.each<[version: string, level: Finding["level"]]>([
  ["18.20.4", "problem"], ["20.18.3", "problem"], ["20.19.0", "ok"], ["20.20.1", "ok"], ["21.7.3", "note"], ["22.0.0", "ok"], ["23.11.0", "note"], ["24.4.1", "ok"], ["26.0.0", "ok"],
])("Node %s: %s", (version, level) => {
  expect(judgeNode(version).level).toBe(level);
});

describe("a place", () => {
  const file: Place = { what: "the file", path: "/v/f", rule: "file" };
  const folder: Place = { what: "the folder", path: "/v", rule: "folder" };
  const mine: Sight = { kind: "file", mode: 0o600, uid: 7, names: 1 };

  test.each<[what: string, place: Place, sight: Partial<Sight>, levels: string[]]>([
    ["a file of ours", file, {}, []],
    ["a file that is read-only", file, { mode: 0o400 }, []],
    ["a file readable by the group", file, { mode: 0o640 }, ["problem"]],
    ["a file of another user, and open", file, { uid: 8, mode: 0o666 }, ["problem", "problem"]],
    ["a link, whoever's it is", file, { kind: "link", uid: 8, mode: 0o777 }, ["problem"]],
    ["a folder in a file's place", file, { kind: "folder", mode: 0o700 }, ["problem"]],
    ["two names", file, { names: 2 }, ["note"]],
    ["a folder that others may enter", folder, { kind: "folder", mode: 0o755, names: 9 }, []],
    ["a private folder that others may enter", { ...folder, rule: "private-folder" }, { kind: "folder", mode: 0o711 }, ["problem"]],
    ["a folder that the group may write to", folder, { kind: "folder", mode: 0o775 }, ["problem"]],
    ["a socket", { ...file, rule: "socket" }, { kind: "socket" }, []],
    ["a socket open to others", { ...file, rule: "socket" }, { kind: "socket", mode: 0o755 }, ["problem"]],
  ])("%s", (_, place, sight, expected) => {
    expect(levels(judgePlace(place, { ...mine, ...sight }, 7))).toEqual(expected);
  });

  test("has no modes and owners where the system has none", () => {
    expect(judgePlace(file, { ...mine, uid: 0, mode: 0o666 }, undefined)).toEqual([]);
  });

  test.each<[mode: number, isBad: boolean]>([[0o755, false], [0o775, false], [0o777, true], [0o1777, false], [0o702, true]])("a folder above with mode %o", (mode, isBad) => {
    expect(judgeAncestor("/above", mode)?.level).toBe(isBad ? "problem" : undefined);
  });
});

describe("where it lies", () => {
  test.each<[path: string, service: string | undefined]>([
    ["/home/a/Dropbox/vault", "Dropbox"], ["/home/a/Dropbox (Work)/x", "Dropbox"], ["C:\\Users\\a\\OneDrive - Acme\\vault", "OneDrive"],
    ["/Users/a/Library/Mobile Documents/com~apple~CloudDocs/v", "iCloud"], ["/Users/a/Library/CloudStorage/GoogleDrive-a@example.com/v", "Google Drive"],
    ["/home/a/Google Drive/v", "Google Drive"], ["/home/a/Nextcloud/v", "Nextcloud"],
    ["/home/a/dropbox-notes/v", undefined], ["/home/a/.local/share/vault", undefined], ["/home/onedrives/v", undefined],
  ])("%s: %s", (path, service) => {
    expect(findSyncService(path)).toBe(service);
  });

  const folder = { what: "the data folder", path: "/home/a/vault", hasKey: false };

  test("a synchronised vault is a note, a synchronised key a problem", () => {
    expect(levels(judgeHolding({ ...folder, path: "/home/a/Dropbox/v" }, undefined))).toEqual(["note"]);
    expect(levels(judgeHolding({ ...folder, path: "/home/a/Dropbox/v", hasKey: true }, undefined))).toEqual(["problem"]);
  });

  test.each<[magic: number, says: string]>([
    [0x6969, "NFS"], [0xff534d42, "CIFS"], [0xff534d42 | 0, "CIFS"], [0x01021997, "9p"], [0x65735546, "FUSE"], [0x01021994, "gone after a restart"],
  ])("file system %i is a note: %s", (magic, says) => {
    expect(judgeHolding(folder, magic)).toEqual([expect.objectContaining({ level: "note", message: expect.stringContaining(says) })]);
  });

  test("ext4, btrfs, xfs, and what is not known, are fine", () => {
    for (const magic of [0xef53, 0x9123683e, 0x58465342, undefined]) expect(judgeHolding(folder, magic)).toEqual([]);
  });
});

test("paths in commands are words, whatever is in them", () => {
  expect([shellWord("/a/b-c.d"), shellWord("/a b"), shellWord("/it's $HOME")]).toEqual(["/a/b-c.d", "'/a b'", "'/it'\\''s $HOME'"]);
});
