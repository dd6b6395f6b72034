/** List of lesions, largest first: size, sections, and buttons to go to, show and lock each. */

import type { Lesion } from "@cordline/sdk";
import type { Job } from "../job";
import type { Masks } from "../masks";
import type { LesionStatus } from "../ohifServices";
import { strings } from "../strings";
import { card, faint, heading, quiet, row } from "./styles";

interface Props {
  job: Job;
  masks: Masks;
  /** Moves every viewport to a lesion's centre. */
  jump(job: Job, lesion: Lesion): void;
  status: ReadonlyMap<number, LesionStatus>;
}

export function Lesions({ job, masks, jump, status }: Props) {
  const { lesions } = job;
  if (!lesions) return null;
  return (
    <section data-testid="cordline-lesions" aria-label={strings.lesions}>
      <h3 style={heading}>{strings.lesions}</h3>
      {lesions.length === 0 && <p>{strings.noLesions}</p>}
      {lesions.map((lesion) => (
        <LesionRow
          key={lesion.number}
          lesion={lesion}
          job={job}
          masks={masks}
          jump={jump}
          status={status.get(lesion.number)}
        />
      ))}
    </section>
  );
}

interface RowProps {
  lesion: Lesion;
  job: Job;
  masks: Masks;
  /** Moves every viewport to a lesion's centre. */
  jump(job: Job, lesion: Lesion): void;
  /** Undefined while its images are not shown. */
  status: LesionStatus | undefined;
}

function LesionRow({ lesion, job, masks, jump, status }: RowProps) {
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
          onClick={() => jump(job, lesion)}
        >
          {strings.jump}
        </button>
        {status && (
          <>
            <button
              type="button"
              style={quiet}
              data-testid={`cordline-show-${number}`}
              aria-label={strings.showLesion(number)}
              aria-pressed={status.visible}
              onClick={() => masks.setLesionVisible(job, number, !status.visible)}
            >
              {status.lost ? strings.notDrawnHere : status.visible ? strings.shown : strings.hidden}
            </button>
            <button
              type="button"
              style={quiet}
              data-testid={`cordline-lock-${number}`}
              aria-label={strings.lockLesion(number)}
              aria-pressed={status.locked}
              onClick={() => masks.setLesionLocked(job, number, !status.locked)}
            >
              {status.locked ? strings.locked : strings.unlocked}
            </button>
          </>
        )}
      </div>
    </div>
  );
}
