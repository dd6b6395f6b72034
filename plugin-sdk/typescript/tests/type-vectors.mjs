// Writes the vectors as TypeScript, so that the compiler holds each message against the types: from JSON it takes words as any text.

import { readFileSync, writeFileSync } from "node:fs";

const vectors = readFileSync(new URL("../../vectors/messages.json", import.meta.url), "utf8").trim();
const text = `// Made of plugin-sdk/vectors/messages.json by type-vectors.mjs.
import type { Event, Reply, Request } from "../src/messages.js";

interface Vector {
  name: string;
  from: "client" | "daemon";
  message: Request | Reply | Event;
  header_hex: string;
  raw_hex: string;
}

export const vectors: Vector[] = ${vectors};
`;
writeFileSync(new URL("vectors.generated.ts", import.meta.url), text);
