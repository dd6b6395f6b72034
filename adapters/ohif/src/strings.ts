/** Every word that a person reads, in one place for translation. What the box says itself comes in the box's own words. */
export const strings = {
  title: "Cordline",
  research: "Research use only; not a medical device",

  // Device
  connecting: "Looking for the box…",
  lost: "No connection to the box. Trying again…",
  refused:
    "The gateway does not know this browser: its token is missing, unknown or expired. Ask the operator for an address with a token (…/enter?token=…), open it once, then come back.",
  otherVersion: "This panel and the box are of different versions. Ask the operator to update the older one.",
  tryAgain: "Try again",
  notReady: "The box is there, and its models are not ready.",
  ready: (provider: string, bundle: string) => `${provider} · ${bundle}`,
  slower: (why: readonly string[]) => `Slower than it could be. ${why.join("; ")}`,

  // Series
  noStudy: "Open a study with a sagittal T2-weighted series.",
  series: "Series",
  noSeries: "Chosen automatically when it runs.",
  notShown: "Another series is shown: nothing is drawn on it.",
  openIt: "Open it",
  chooseOther: "Choose another series",
  chooseOne: "Several series fit. Which one is to be analysed?",
  chooseThis: "Use this series",
  chooseSeries: (description: string) => `Use series ${description}`,

  // Run
  run: "Find lesions",
  again: "Run again",
  cancel: "Cancel",
  progress: "Progress of the analysis",
  queued: (place: number) => (place > 0 ? `Waiting, ${place} before it` : "Waiting"),
  left: (seconds: number) => `about ${Math.max(1, Math.round(seconds))} s left`,
  states: {
    receiving: "Sending",
    queued: "Waiting",
    decoding: "Reading",
    selecting: "Choosing the series",
    segmenting: "Segmenting",
    classifying: "Classifying",
    explaining: "Explaining",
    writing: "Writing results",
    completed: "Done",
    needs_selection: "A series must be chosen",
    out_of_scope: "Out of scope",
    failed: "Failed",
    cancelled: "Cancelled",
  },
  sections: (done: number, total: number) => `section ${done} of ${total}`,

  // What came of it
  finding: "Finding",
  noLesion: "No lesion found",
  noLesionMeans: "No question was asked, and no mask is drawn. Look at the images all the same.",
  indeterminate: "Lesion found, kind undecided",
  indeterminateMeans:
    "A probability lies in its undecided zone, so neither answer is given. The lesions are drawn and measured.",
  outOfScope: "Not analysed: out of scope",
  needsSelection: "Not analysed yet: a series must be chosen",
  needsSelectionMeans: "Several series fit equally well. Look at them, and choose one above.",
  failed: "The analysis failed",
  cancelledTitle: "Cancelled",
  cancelledMeans: "There is no answer. Run it again whenever you want.",
  otherStudy:
    "Refused: this result is of another study than the one shown. Nothing is drawn, and nothing of it is told.",
  otherPixels:
    "Refused: the images shown are not those that were analysed. They were changed since. Nothing is drawn; run it again.",
  notes: "Please note",

  // Answers
  undecided: "Undecided",
  probability: (name: string, value: number) => `${name}: probability ${value.toFixed(2)}`,
  threshold: (value: number) => `decided at ${value.toFixed(2)}`,
  undecidedZone: (from: number, to: number) => `undecided from ${from.toFixed(2)} to ${to.toFixed(2)}`,
  heatMap: "Heat map",
  showHeat: "Show heat map",
  hideHeat: "Hide heat map",
  heatOf: (question: string) => `Heat map of: ${question}`,
  opacity: "Opacity of the heat map",

  // Lesions
  lesions: "Lesions",
  noLesions: "No lesion found",
  lesion: (number: number) => `Lesion ${number}`,
  size: (ml: number, mm: number) => `${ml.toFixed(2)} mL · ${mm.toFixed(0)} mm`,
  sectionsOf: (sections: readonly number[]) =>
    sections.length > 1 ? `sections ${sections[0]}–${sections[sections.length - 1]}` : `section ${sections[0] ?? "–"}`,
  jump: "Go to",
  jumpTo: (number: number) => `Go to lesion ${number}`,
  shown: "Shown",
  hidden: "Hidden",
  showLesion: (number: number) => `Show lesion ${number}`,
  locked: "Locked",
  unlocked: "Unlocked",
  lockLesion: (number: number) => `Lock lesion ${number} against the brush`,

  // Reader
  reader: "Your verdict",
  correct: "Correct the mask",
  correctHow: "Paint or erase on the images; a locked lesion stays as it is. Then classify again.",
  brush: "Brush",
  eraser: "Eraser",
  brushSize: (mm: number) => `Width ${mm} mm`,
  classify: "Classify again",
  giveUp: "Give up and restore",
  corrected: "Corrected by a reader. Before:",
  notDrawn: "The mask is not drawn on the images that were analysed; open that series first.",
  accept: "Accept",
  reject: "Reject",
  why: "Why is it wrong?",
  accepted: "Accepted: noted on the study.",
  rejected: "Rejected: noted on the study.",
  keep: "Save to archive",
  stored: (objects: number) => `${objects} object${objects === 1 ? "" : "s"} stored in the archive.`,

  // Foot
  made: (parts: readonly string[]) => parts.join(" · "),
  took: (seconds: number) => `${seconds.toFixed(1)} s`,
  at: (ms: number) => new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }),
} as const;
