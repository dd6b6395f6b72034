/** The lesions, largest first: how large, where, and whether each is shown and kept from the brush. */

import type { Lesion } from "@cordline/sdk";
import type { LesionMark } from "../host";
import type { Job } from "../job";
import type { Masks } from "../masks";
import { strings } from "../strings";
import { card, faint, heading, quiet, row } from "./styles";

interface Props {
  job: Job;
  masks: Masks;
  marks: ReadonlyMap<number, LesionMark>;
}

export function Lesions({ job, masks, marks }: Props) {
  const { lesions } = job;
  if (!lesions) return null;
  return (
    <section data-testid="cordline-lesions" aria-label={strings.lesions}>
      <h3 style={heading}>{strings.lesions}</h3>
      {lesions.length === 0 && <p>{strings.noLesions}</p>}
      {lesions.map((lesion) => (
        <Line key={lesion.number} lesion={lesion} job={job} masks={masks} mark={marks.get(lesion.number)} />
      ))}
    </section>
  );
}

function Line({ lesion, job, masks, mark }: { lesion: Lesion; job: Job; masks: Masks; mark: LesionMark | undefined }) {
  const { number, sections } = lesion;
  return (
    <div style={{ ...card, margin: "3px 0" }}>
      <div>
        {strings.lesion(number)} · {strings.size(lesion.volume_ml, lesion.extent_mm)}{" "}
        <span style={faint}>· {strings.sectionsOf(sections)}</span>
      </div>
      <div style={{ ...row, marginTop: 4 }}>
        <button
          type="button"
          style={quiet}
          data-testid={`cordline-jump-${number}`}
          aria-label={strings.jumpTo(number)}
          onClick={() => void masks.goTo(job, lesion)}
        >
          {strings.jump}
        </button>
        {mark && (
          <>
            <button
              type="button"
              style={quiet}
              data-testid={`cordline-show-${number}`}
              aria-label={strings.showLesion(number)}
              aria-pressed={mark.visible}
              onClick={() => masks.show(job, number, !mark.visible)}
            >
              {mark.lost ? strings.notDrawnHere : mark.visible ? strings.shown : strings.hidden}
            </button>
            <button
              type="button"
              style={quiet}
              data-testid={`cordline-lock-${number}`}
              aria-label={strings.lockLesion(number)}
              aria-pressed={mark.locked}
              onClick={() => masks.lock(job, number, !mark.locked)}
            >
              {mark.locked ? strings.locked : strings.unlocked}
            </button>
          </>
        )}
      </div>
    </div>
  );
}
