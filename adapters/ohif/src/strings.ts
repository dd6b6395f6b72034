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
  slower: "slower than it could be",

  // Study and series
  noStudy: "Open a study with a sagittal T2-weighted series.",
  study: (date: string | undefined, description: string | undefined) =>
    `study ${[date && `of ${day(date)}`, description].filter(Boolean).join(", ") || "without date and description"}`,
  series: "Series",
  notShown: "Another series is shown: nothing is drawn on it.",
  openIt: "Open it",
  chooseOther: "Other series",
  chooseOne: "Which series is to be analysed?",
  closest: "Closest:",
  noDescription: "No description",
  show: "Show",
  use: "Use",
  anyway: "Analyse it anyway",
  showSeries: (name: string) => `Show series ${name}`,
  analyseSeries: (name: string) => `Analyse series ${name}`,
  thumbnail: (name: string) => `Middle section of ${name}`,
  seriesNumber: (number: number) => `Series ${number}`,
  acquiredAt: (time: string) => `at ${time}`,
  sectionCount: (count: number) => `${count} section${count === 1 ? "" : "s"}`,
  spacing: ([section, row, column]: readonly [number, number, number]) =>
    `every ${section.toFixed(1)} mm, pixels ${row.toFixed(2)} × ${column.toFixed(2)} mm`,
  covers: (mm: number) => `covers ${mm.toFixed(0)} mm`,
  lower: (mm: number) => `${mm.toFixed(0)} mm lower`,
  highest: "highest",

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
  preparing: "Preparing",
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
  needsSelectionMeans: "Several series fit equally well. Look at them, and choose one.",
  outOfScopeMeans: "None of its series is a sagittal T2-weighted one of the spine that can be analysed.",
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
  chance: (name: string, value: number) => `${name} ${probability(value)}`,
  threshold: (name: string, value: number) => `${name} from ${value.toFixed(2)}`,
  undecidedZone: (from: number, to: number) => `undecided ${from.toFixed(2)}–${to.toFixed(2)}`,
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
  notDrawnHere: "Not drawn",
  showLesion: (number: number) => `Show lesion ${number}`,
  locked: "Locked",
  unlocked: "Unlocked",
  lockLesion: (number: number) => `Lock lesion ${number} against the brush`,

  // On the images
  onImages: "On the images",
  hideAll: "Hide all AI",
  showAll: "Show all AI",
  hideAllHow: "Key O, over the images",
  allHidden: "Everything of the AI is hidden.",
  outline: "Outline",
  density: "Density of the masks",
  unfit: "Masks and heat maps are not shown in this layout.",
  lostMasks: "The viewer does not draw the masks. Open the series again, or load the page anew.",
  lostHeat: "The viewer does not draw the heat map. Hide it and show it again, or load the page anew.",
  notIn3d: "Not shown in the 3D view.",

  // Reader
  reader: "Your verdict",
  more: "Correct and save",
  onlyLooks: "Your token may look, not change: ask the operator for one with the role submitter.",
  underWay: "The last request is still under way.",
  correct: "Correct the mask",
  correctHow: "Paint or erase on the images; a locked lesion stays as it is. Then classify again.",
  brush: "Brush",
  eraser: "Eraser",
  brushSize: (mm: number) => `Width ${mm} mm`,
  classify: "Classify again",
  giveUp: "Give up and restore",
  endCorrection: "Classify the corrected mask again, or give it up, first.",
  corrected: "Corrected by a reader. Before:",
  correctedBy: (reader: string | undefined, job: string) =>
    `Mask corrected by ${reader || "a reader"}, from job ${job.slice(0, 8)}`,
  notDrawn: "The mask is not drawn on the images that were analysed; open that series first.",
  accept: "Accept",
  reject: "Reject",
  withdraw: "Withdraw",
  why: "Why is it wrong?",
  acceptedBy: (reader: string, at: string, reason: string) => `Accepted by ${reader}, ${at}${reason && `: ${reason}`}`,
  rejectedBy: (reader: string, at: string, reason: string) => `Rejected by ${reader}, ${at}${reason && `: ${reason}`}`,
  elsewhere: (said: string) => `Another result of this study: ${said}`,
  showThat: "Show it",
  oldGateway: "This gateway cannot take a verdict back. Ask the operator to update it.",
  reviewsUnknown: (why: string) => `What readers said is not known: ${why}`,
  noAnswer: (status: number) =>
    `The gateway did not answer (HTTP ${status}). Try again; if it goes on, ask the operator.`,
  gone: "The box does not keep that result any more.",
  moment: (ms: number) => {
    const then = new Date(ms);
    const time = then.toLocaleTimeString(undefined, { timeStyle: "short" });
    const today = then.toDateString() === new Date().toDateString();
    return today ? time : `${then.toLocaleDateString(undefined, { dateStyle: "medium" })} ${time}`;
  },
  keep: "Save to archive",
  stored: (objects: number) => `${objects} object${objects === 1 ? "" : "s"} stored in the archive.`,

  // Foot
  made: (parts: readonly string[]) => parts.join(" · "),
  took: (seconds: number) => `${seconds.toFixed(1)} s`,
  at: (ms: number) => new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }),
} as const;

/** Two digits; no model is certain, so this panel says neither 0.00 nor 1.00 of a probability. */
export function probability(value: number): string {
  const text = value.toFixed(2);
  if (text === "1.00") return ">0.99";
  return text === "0.00" ? "<0.01" : text;
}

/** "5 Jan 2026", or as the browser's language has it, of 20260105. */
function day(date: string): string {
  const [, year, month, of] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? [];
  if (!year) return date;
  return new Date(Number(year), Number(month) - 1, Number(of)).toLocaleDateString(undefined, { dateStyle: "medium" });
}
