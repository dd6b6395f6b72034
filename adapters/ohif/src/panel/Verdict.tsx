/** What readers said of this analysis, on top for the next one, and the verdict of this reader. */

import type { Review } from "@cordline/sdk";
import { useState } from "react";
import type { Job } from "../job";
import { isSubmitter, type Known } from "../known";
import { standing, standingElsewhere } from "../reviews";
import type { Store } from "../store";
import { strings } from "../strings";
import { Reason } from "./Reason";
import { BAD, button, card, faint, GOOD, quiet, row, shared } from "./styles";

interface Props {
  store: Store;
  known: Known;
  job: Job;
}

export function Verdict({ store, known, job }: Props) {
  const [rejecting, setRejecting] = useState(false);
  const { reviews } = known;
  const stands = standing(reviews, job.id);
  const [elsewhere] = standingElsewhere(reviews, job.id);
  const refused = isSubmitter(known) ? undefined : strings.onlyLooks;
  const say = (verdict: Review["verdict"], reason = "") => {
    setRejecting(false);
    void store.judge(verdict, reason);
  };
  return (
    <section aria-label={strings.reader} style={card}>
      {stands && <Said review={stands} />}
      {stands?.job !== job.id && elsewhere && (
        <div style={{ ...row, ...faint }} data-testid="cordline-elsewhere">
          <span>{strings.elsewhere(said(elsewhere))}</span>
          <button type="button" style={quiet} onClick={() => void store.showJob(elsewhere.job)}>
            {strings.showThat}
          </button>
        </div>
      )}
      <div style={{ ...row, marginTop: stands ? 6 : 0 }}>
        <button
          type="button"
          data-testid="cordline-accept"
          style={{ ...(stands ? shared : { ...button, width: "auto", padding: "5px 8px" }), flex: "1 1 28%" }}
          disabled={refused !== undefined}
          aria-pressed={stands?.verdict === "accepted"}
          title={refused}
          onClick={() => stands?.verdict !== "accepted" && say("accepted")}
        >
          {strings.accept}
        </button>
        <button
          type="button"
          data-testid="cordline-reject"
          style={{ ...shared, flex: "1 1 28%" }}
          disabled={refused !== undefined}
          aria-expanded={rejecting}
          aria-pressed={stands?.verdict === "rejected"}
          title={refused}
          onClick={() => setRejecting(!rejecting)}
        >
          {strings.reject}
        </button>
        {stands && (
          <button
            type="button"
            data-testid="cordline-withdraw"
            style={{ ...shared, flex: "1 1 28%" }}
            disabled={refused !== undefined}
            title={refused}
            onClick={() => say("withdrawn")}
          >
            {strings.withdraw}
          </button>
        )}
      </div>
      {rejecting && <Reason send={(reason) => say("rejected", reason)} close={() => setRejecting(false)} />}
    </section>
  );
}

/** "Rejected by R., 12:40: too large" */
function Said({ review }: { review: Review }) {
  const colour = review.verdict === "rejected" ? BAD : GOOD;
  return (
    <output data-testid="cordline-verdict" style={{ display: "block", color: colour, fontWeight: 600 }}>
      {said(review)}
    </output>
  );
}

function said({ verdict, reader, at_ms, reason }: Review): string {
  const done = verdict === "rejected" ? strings.rejectedBy : strings.acceptedBy;
  return done(reader, strings.moment(at_ms), reason);
}
