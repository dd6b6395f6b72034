/** The lesions, largest first, each with a way to it. */

import type { Job } from "../job";
import type { Masks } from "../masks";
import { strings } from "../strings";
import { card, faint, heading, quiet } from "./styles";

export function Lesions({ job, masks }: { job: Job; masks: Masks }) {
  const { lesions } = job;
  if (!lesions) return null;
  return (
    <section data-testid="cordline-lesions">
      <h3 style={heading}>{strings.lesions}</h3>
      {lesions.length === 0 && <p>{strings.noLesions}</p>}
      {lesions.map((lesion) => {
        const middle = lesion.sections[Math.floor(lesion.sections.length / 2)];
        return (
          <div key={lesion.number} style={{ ...card, display: "flex", justifyContent: "space-between", gap: 8 }}>
            <div>
              <div>
                {strings.lesion(lesion.number)} · {strings.size(lesion.volume_ml, lesion.extent_mm)}
              </div>
              <div style={faint}>{strings.sectionsOf(lesion.sections)}</div>
            </div>
            {middle !== undefined && (
              <button type="button" style={quiet} onClick={() => void masks.jump(job, middle)}>
                {strings.jump}
              </button>
            )}
          </div>
        );
      })}
    </section>
  );
}
