# ruff: noqa
# The planted defects: semgrep must find every line after a “ruleid”, and none after an “ok”. Never run, never imported.
import hashlib, os, pickle, random, secrets, socket, ssl, subprocess, tempfile, urllib.request, uuid, yaml

# ruleid: markup-is-literal
mark_safe(f"<b>{name}</b>")
# ruleid: markup-is-literal
SafeString(name)
# ruleid: markup-is-literal
format_html(f"<b>{name}</b>")
# ruleid: markup-is-literal
format_html("<b>%s</b>" % name)
# ok: markup-is-literal
format_html("<b>{}</b>", name)
# ok: markup-is-literal
SafeString("<br>")
# ruleid: sql-is-literal
cursor.execute(f"SELECT * FROM x WHERE name = '{name}'")
# ruleid: sql-is-literal
cursor.execute("SELECT * FROM x WHERE name = '%s'" % name)
# ok: sql-is-literal
cursor.execute("SELECT * FROM x WHERE name = %s", [name])
# ruleid: no-shell
subprocess.run(f"rm {name}", shell=True)
# ruleid: no-shell
os.system(name)
# ok: no-shell
subprocess.run(["rm", name])
# ruleid: no-code-from-data
eval(name)
# ruleid: no-code-from-data
pickle.loads(name)
# ruleid: no-code-from-data
yaml.load(name)
# ok: no-code-from-data
yaml.safe_load(name)
# ruleid: one-door-to-rows
Enterprise.objects.all()
# ok: one-door-to-rows
User.objects.create_user(name)


# ruleid: no-csrf-exemption
@csrf_exempt
def view(request):
    target = request.GET.get("next")
    # ruleid: redirect-within
    return redirect(target)


def checked(request):
    back = request.headers.get("Referer", "")
    url = back if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) else "/"
    # ok: redirect-within
    return HttpResponseRedirect(url)


def download(request):
    # ruleid: no-path-from-a-request
    with open("files/" + request.GET["name"]) as file:
        return file.read()


# ruleid: no-network
urllib.request.urlopen(name)
# ruleid: no-network
socket.create_connection((name, 80))
# ruleid: layout-is-literal
HTML(f"<p>{name}</p>")
# ruleid: layout-is-literal
Submit("save", name)
# ok: layout-is-literal
Submit("save", "保存")
# ruleid: no-print
print(person.name)
# ruleid: no-broken-hash
hashlib.md5(name)
# ok: no-broken-hash
hashlib.sha256(name)
# ruleid: no-guessable-secret
random.randint(0, 9)
# ruleid: no-guessable-secret
uuid.uuid1()
# ok: no-guessable-secret
secrets.token_hex()
# ruleid: no-unverified-peer
fetch(name, verify=False)
# ruleid: no-unverified-peer
ssl._create_unverified_context()
# ruleid: no-open-settings
DEBUG = True
# ruleid: no-open-settings
tempfile.mktemp()
