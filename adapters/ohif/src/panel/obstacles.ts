/** Why a reader cannot do something now, as the title of its button; `undefined` if they can. */

import { isSubmitter, type PanelState } from "../state";
import { strings } from "../strings";

/** To show another job: strokes of a correction belong to the job that is shown. */
export function whyNotShow({ correcting, requesting }: PanelState): string | undefined {
  if (correcting) return strings.endCorrection;
  return requesting ? strings.underWay : undefined;
}

/** To request what changes something: there is one request at a time. */
export function whyNotRequest(state: PanelState): string | undefined {
  if (!isSubmitter(state)) return strings.onlyLooks;
  return state.requesting ? strings.underWay : undefined;
}

/** To start an analysis, which shows another job. */
export function whyNotAnalyse(state: PanelState): string | undefined {
  return whyNotRequest(state) ?? whyNotShow(state);
}
