export * from "./client.js";
export * from "./frame.js";
export * from "./messages.js";
