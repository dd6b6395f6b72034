-- Tells the Cordline gateway of every MR study that has arrived. One short message; the gateway fetches the study itself.
--
-- In orthanc.json:  "LuaScripts": ["/etc/orthanc/cordline.lua"], "HttpTimeout": 5
-- Settings come from the environment of Orthanc: CORDLINE_GATEWAY (default http://127.0.0.1:8080) and CORDLINE_TOKEN,
-- a token of the role submitter (`cordline-gateway token orthanc --role submitter`).
--
-- Research use only; not a medical device.

local gateway = os.getenv('CORDLINE_GATEWAY') or 'http://127.0.0.1:8080'
local token = os.getenv('CORDLINE_TOKEN') or ''

-- A study that is stable, or stable again: a late section, or our own result that came back. The gateway knows which.
function OnStableStudy(studyId, tags, metadata)
  local hasMr = false
  for _, series in ipairs(ParseJson(RestApiGet('/studies/' .. studyId .. '/series', false))) do
    if series['MainDicomTags']['Modality'] == 'MR' then
      hasMr = true
    end
  end
  if not hasMr then
    return
  end
  -- Never an empty table of headers: Orthanc 1.10 ends with one.
  local headers = { ['Content-Type'] = 'application/json', ['Authorization'] = 'Bearer ' .. token }
  local answer = HttpPost(gateway .. '/api/v1/arrivals', DumpJson({ study = studyId }), headers)
  if answer == nil or answer == '' then
    -- Nothing is lost: the gateway reads Orthanc's list of changes too.
    print('Cordline: the gateway did not take the study; it will find it in the list of changes')
  end
end
