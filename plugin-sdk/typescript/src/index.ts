export * from "./client.js";
export * from "./connect.js";
export * from "./errors.js";
export * from "./files.js";
export * from "./frame.js";
export * from "./messages.js";
