"""Lines that try a client against every fixture; they work as they stand."""

from __future__ import annotations

CURL = """# A fixture; its answer, here an error by request; what your client did then.
curl -H "Authorization: Bearer $KEY" -o picture {url}/v1/sandbox/provoked-internal-error
curl -H "Authorization: Bearer $KEY" -H "Hashservice-Sandbox: internal_error" \\
     -H "Content-Type: image/jpeg" --data-binary @picture {url}/v1/match
curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
     -d '{{"reaction": "held"}}' {url}/v1/sandbox/provoked-internal-error/reaction"""
PYTHON = """import json, os, urllib.error, urllib.request

URL, KEY = "{url}", os.environ["KEY"]  # the secret of a test key


def ask(path, body=None, headers={{}}):
    headers = {{"Authorization": "Bearer " + KEY, **headers}}
    request = urllib.request.Request(URL + path, body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def upload(path, picture, headers):
    \"\"\"Your client in its place: blocked, held, retried or passed?\"\"\"
    try:
        verdict = json.loads(ask(path, picture, headers))["verdict"]
    except urllib.error.HTTPError as error:
        return "retried" if error.code == 429 or error.code >= 500 else "held"
    return {{"match": "blocked", "no_known_match": "passed"}}.get(verdict, "held")


for fixture in json.loads(ask("/v1/sandbox"))["fixtures"]:
    address = "/v1/sandbox/" + fixture["name"]
    path = "/v1/match?enhance=true" if fixture["enhance"] else "/v1/match"
    headers = {{"Content-Type": fixture["media_type"], **fixture["headers"]}}
    reaction = upload(path, ask(address), headers)
    body = json.dumps({{"reaction": reaction}}).encode()
    noted = json.loads(ask(address + "/reaction", body, {{"Content-Type": "application/json"}}))
    print(noted["judgement"], reaction, fixture["name"])"""
