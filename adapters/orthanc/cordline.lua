-- Tells the Cordline gateway of every MR study that has become stable, a second before it reads of it in Orthanc's list of changes:
-- an option, which nothing depends on. Settings: cordline.json beside this file. Research use only; not a medical device.
--
-- A message that Orthanc sends by itself (HttpPost) holds up the whole server until it is answered, for a minute where the box is off.
-- So curl sends it, in the background, for five seconds at most; the token goes to it through a pipe and is in no list of processes.

local settings = GetOrthancConfiguration()['Cordline'] or {}
local gateway = settings['Gateway'] or 'http://127.0.0.1:8080'

local credentials = os.getenv('CREDENTIALS_DIRECTORY')
local tokenFile = settings['TokenFile'] or (credentials and credentials .. '/cordline-token') or '/etc/orthanc/cordline-token'

-- Both go through a shell's standard input only, and into curl's quotes: nothing in them may end those.
local function isPlain(text)
  return text:find('^[%w%.%-_~:/%[%]]+$') ~= nil
end

local function readToken()
  local file = io.open(tokenFile)
  local token = file and file:read('*l') or nil
  if file then
    file:close()
  end
  return token and token:match('^%s*(%x+)%s*$')
end

local hasCurl = os.execute('command -v curl >/dev/null 2>&1')
local problem = nil
if not (hasCurl == true or hasCurl == 0) then
  problem = 'curl is not installed'
elseif not isPlain(gateway) or gateway:find('^https?://') == nil then
  problem = 'Gateway in cordline.json is no http address'
elseif readToken() == nil then
  problem = 'no token can be read from ' .. tokenFile
end
if problem then
  print('Cordline: ' .. problem .. '; the gateway finds studies in the list of changes all the same')
end

local function hasMr(studyId)
  for _, series in ipairs(ParseJson(RestApiGet('/studies/' .. studyId .. '/series', false))) do
    if series['MainDicomTags']['Modality'] == 'MR' then
      return true
    end
  end
  return false
end

-- A study that is stable, or stable again: a late section, or our own result that came back. The gateway knows which.
function OnStableStudy(studyId, tags, metadata)
  -- Read anew each time: a token that was replaced counts at once.
  local token = readToken()
  if problem or token == nil or not hasMr(studyId) then
    return
  end
  local curl = io.popen('{ curl --config - <&3 3<&- >/dev/null 2>&1 & } 3<&0', 'w')
  curl:write('url = "' .. gateway .. '/api/v1/arrivals"\n', 'max-time = 5\n', 'silent\n',
    'header = "Content-Type: application/json"\n', 'header = "Authorization: Bearer ' .. token .. '"\n',
    'data = "{\\"study\\":\\"' .. studyId .. '\\"}"\n')
  curl:close()
end
