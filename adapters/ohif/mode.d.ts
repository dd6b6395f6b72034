/** The mode: OHIF's basic viewer with our panel open, at the address `/cordline`. */
declare const mode: {
  id: string;
  modeFactory(host: never): Promise<unknown>;
};
export default mode;
