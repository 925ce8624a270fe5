"""Each kind of credential against a server that verifies it by itself."""

import base64
import hashlib
import hmac
import json
import os
import stat
import threading
import time
import urllib.parse

import broker_support as support
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from orchestrator.broker.sigv4 import Keys, Scope, authorization
from orchestrator.models.endpoint import Credential, SecretSource, WireProtocol

ACCESS, SECRET, REFRESH = "access-0123456789", "secret/0123456789+abcdef", "refresh-0123456789"


class Provider:
    """Gives tokens where ``grant`` says so, and answers models to whoever has the last one."""

    def __init__(self, grant, check=None, seconds=3600):
        self.grant, self.check, self.seconds = grant, check, seconds
        self.tokens, self.faults = [], []

    def __call__(self, request, connection):
        if request.headers.get("content-type") == "application/x-www-form-urlencoded":
            form = dict(urllib.parse.parse_qsl(request.body.decode()))
            extra = self.grant(request, form)
            if extra is None:
                support.respond(connection, {"error": "invalid_grant", "error_description": str(form)}, 400)
                return
            self.tokens.append(f"{ACCESS}-{len(self.tokens)}")
            told = {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.seconds, **extra}
            support.respond(connection, told)
        elif self.check(request) if self.check else request.headers["authorization"] == f"Bearer {self.tokens[-1]}":
            support.respond(connection, {"usage": {"input_tokens": 1, "output_tokens": 1}})
        else:
            support.respond(connection, {"error": "who are you"}, 401)


def private(path, document):
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    path.chmod(0o600)
    return SecretSource(kind="file", value=(str(path),))


def asked(provider, make, times=2, **changes):
    """Statuses of some requests, and what the broker told about them."""
    with support.desk() as desk, support.Upstream(provider) as upstream:
        made = support.endpoint(upstream.port, credential=make(f"http://127.0.0.1:{upstream.port}"), **changes)
        with desk.lease(made, record=True) as lease:
            answers = [support.message(lease) for _ in range(times)]
            traffic = lease.close()
        whole = desk.blobs[traffic.cassette] + traffic.model_dump_json().encode() + b"".join(a.body for a in answers)
    for secret in (ACCESS, SECRET, REFRESH):
        assert secret.encode() not in whole
    return answers, upstream


def test_oauth_renews_rotates_and_keeps_its_tokens_private(tmp_path):
    used = []

    def grant(_, form):
        used.append(form)
        if form["refresh_token"] != f"{REFRESH}-{len(used) - 1}" or form["client_id"] != "me":
            return None
        return {"refresh_token": f"{REFRESH}-{len(used)}"}

    place = tmp_path / "tokens.json"
    source = private(place, {"refresh_token": f"{REFRESH}-0"})
    provider = Provider(grant)

    def make(url):
        return Credential(kind="oauth", source=source, options={"token_url": url + "/token", "client_id": "me"})

    answers, _ = asked(provider, make)
    assert [a.status for a in answers] == [200, 200]
    assert len(used) == 1
    assert json.loads(place.read_text())["refresh_token"] == f"{REFRESH}-1"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    asked(provider, make, 1)
    assert len(used) == 1, "a token that is still good is not asked for again"
    place.write_text(json.dumps({**json.loads(place.read_text()), "expires_at": int(time.time()) - 1}))
    answers, _ = asked(provider, make, 1)
    assert (answers[0].status, len(used)) == (200, 2)


def test_parallel_leases_rotate_one_after_the_other(tmp_path):
    used, turn = [], threading.Lock()

    def grant(_, form):
        with turn:
            used.append(form["refresh_token"])
            return {"refresh_token": f"{REFRESH}-{len(used)}"}

    source = private(tmp_path / "tokens.json", {"refresh_token": f"{REFRESH}-0"})
    statuses = []
    with support.desk() as desk, support.Upstream(Provider(grant)) as upstream:
        options = {"token_url": f"http://127.0.0.1:{upstream.port}/token"}
        made = support.endpoint(upstream.port, credential=Credential(kind="oauth", source=source, options=options))
        with desk.lease(made) as one, desk.lease(made) as two:
            threads = [
                threading.Thread(target=lambda at=at: statuses.append(support.message(at).status))
                for at in (one, two, one, two)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert statuses == [200] * 4
    assert used == [f"{REFRESH}-0"]


def test_a_token_server_that_refuses_is_an_error_without_the_secret(tmp_path):
    source = private(tmp_path / "tokens.json", {"refresh_token": REFRESH})
    provider = Provider(lambda *_: None)

    def make(url):
        return Credential(kind="oauth", source=source, options={"token_url": url})

    with support.desk() as desk, support.Upstream(provider) as upstream:
        made = support.endpoint(upstream.port, credential=make(f"http://127.0.0.1:{upstream.port}/t"))
        with desk.lease(made) as lease:
            answer = support.message(lease)
    assert answer.status == 502
    assert "BRK040" in answer.json()["error"]["message"]
    assert "400 invalid_grant" in answer.json()["error"]["message"]
    assert REFRESH.encode() not in answer.body


def test_a_service_account_signs_an_assertion_that_verifies(tmp_path):
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    def grant(request, form):
        head, claims, signature = (base64.urlsafe_b64decode(p + "==") for p in form["assertion"].split("."))
        signed = form["assertion"].rpartition(".")[0].encode()
        key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        told = json.loads(claims)
        assert json.loads(head) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        assert told["iss"] == "robot@example"
        assert told["aud"].endswith(request.target)
        assert told["iat"] <= time.time() < told["exp"] <= told["iat"] + 3600
        return {}

    def make(url):
        account = {"type": "service_account", "client_email": "robot@example", "private_key": pem}
        account |= {"private_key_id": "k1", "token_uri": url + "/token"}
        return Credential(kind="google-adc", source=private(tmp_path / "adc.json", account))

    answers, upstream = asked(Provider(grant), make)
    assert [a.status for a in answers] == [200, 200]
    assert [r.target for r in upstream.requests] == ["/token", "/v1/messages", "/v1/messages"]


def test_a_users_stored_google_login_is_renewed(tmp_path):
    login = {"type": "authorized_user", "client_id": "the-client-id", "client_secret": SECRET, "refresh_token": REFRESH}

    def grant(_, form):
        expected = {"grant_type": "refresh_token", **{k: v for k, v in login.items() if k != "type"}}
        return {} if form == expected else None

    def make(url):
        source = private(tmp_path / "adc.json", login)
        return Credential(kind="google-adc", source=source, options={"token_url": url + "/token"})

    answers, _ = asked(Provider(grant), make, 1)
    assert answers[0].status == 200


def test_azure_client_credentials(tmp_path):
    def grant(request, form):
        right = request.target == "/tenant-1/oauth2/v2.0/token" and form["client_secret"] == SECRET
        right &= (form["grant_type"], form["client_id"]) == ("client_credentials", "app")
        return {} if right and form["scope"].endswith("/.default") else None

    def make(url):
        options = {"authority": url, "tenant": "tenant-1", "client_id": "app"}
        return Credential(kind="azure-ad", source=private(tmp_path / "secret", SECRET), options=options)

    answers, _ = asked(Provider(grant), make)
    assert [a.status for a in answers] == [200, 200]


def verify_sigv4(request):
    """The published steps, from the request alone, written apart from the signer."""
    told = request.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", ")
    credential, names, signature = (part.split("=", 1)[1] for part in told)
    access, day, region, service, end = credential.split("/")
    if (access, region, service, end) != ("AKIDTEST", "eu-west-1", "models", "aws4_request"):
        return False
    if request.headers["x-amz-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        return False
    if request.headers["x-amz-security-token"] != "session-0123456789" or "x-amz-security-token" not in names:
        return False
    text = request.first.split(" ")[0] + "\n" + urllib.parse.quote(request.target) + "\n\n"
    for name in names.split(";"):
        text += f"{name}:{request.headers[name]}\n"
    text += f"\n{names}\n{request.headers['x-amz-content-sha256']}"
    scope = f"{day}/{region}/{service}/{end}"
    signed = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(text.encode()).hexdigest()}"
    key = b"AWS4" + SECRET.encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, signed.encode(), "sha256").hex() == signature


def test_sigv4_verifies_at_the_other_end(tmp_path):
    keys = {"AccessKeyId": "AKIDTEST", "SecretAccessKey": SECRET, "SessionToken": "session-0123456789"}
    options = {"region": "eu-west-1", "service": "models"}
    source = private(tmp_path / "aws", keys)
    answers, _ = asked(Provider(None, verify_sigv4), lambda _: Credential(kind="sigv4", source=source, options=options))
    assert [a.status for a in answers] == [200, 200]
    wrong = private(tmp_path / "aws2", {**keys, "SecretAccessKey": "x" * 24})
    answers, _ = asked(Provider(None, verify_sigv4), lambda _: Credential(kind="sigv4", source=wrong, options=options))
    assert [a.status for a in answers] == [401, 401]


def test_sigv4_gives_the_published_example():
    """`get-vanilla` of AWS's signature test suite."""
    keys = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    headers = [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]
    scope = Scope("us-east-1", "service", "20150830T123600Z")
    value = authorization(keys, scope, ("GET", "/"), headers, b"")
    assert value.endswith("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_token_file_that_is_not_private_is_refused(tmp_path, mode):
    source = private(tmp_path / "tokens.json", {"refresh_token": REFRESH})
    os.chmod(tmp_path / "tokens.json", mode)  # noqa: PTH101  as it is
    with support.desk() as desk:
        made = support.endpoint(9, WireProtocol.ANTHROPIC, credential=Credential(kind="oauth", source=source))
        with desk.lease(made) as lease:
            assert "0600" in support.message(lease).json()["error"]["message"]


@pytest.mark.parametrize("kind", ["oauth", "azure-ad"])
def test_a_token_that_was_withdrawn_is_renewed_once_and_the_request_sent_again(tmp_path, kind):
    provider = Provider(lambda *_: {})
    source = private(tmp_path / "tokens.json", {"refresh_token": REFRESH} if kind == "oauth" else SECRET)

    def make(url):
        options = {"token_url": url + "/token", "authority": url, "tenant": "t", "client_id": "c"}
        return Credential(kind=kind, source=source, options=options)

    with support.desk() as desk, support.Upstream(provider) as upstream:
        made = support.endpoint(upstream.port, credential=make(f"http://127.0.0.1:{upstream.port}"))
        with desk.lease(made) as lease:
            assert support.message(lease).status == 200
            provider.tokens.append("somebody withdrew the first")
            asked_before = len(upstream.requests)
            assert support.message(lease).status == 200
            sent = [r.target for r in upstream.requests[asked_before:]]
            assert [target.endswith("token") for target in sent] == [False, True, False]
            provider.check = lambda _: False
            asked_before = len(upstream.requests)
            assert support.message(lease).status == 401
            assert len(upstream.requests) - asked_before == 3, "one new token and one more try, not a storm"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"access_token": "word", "expires_at": "tomorrow"}, "expires_at"),
        ({"access_token": "word", "expires_at": [1]}, "expires_at"),
        ({"access_token": "word", "expires_at": 1e999}, "expires_at"),
        ({"access_token": "two\r\nx-admin: 1", "expires_at": 1e12}, "plain characters"),
        ({"access_token": "w\u00f6rd", "expires_at": 1e12}, "plain characters"),
        ({"access_token": ["word"], "expires_at": 1e12}, "plain characters"),
    ],
)
def test_a_broken_token_file_is_said_and_never_sent(tmp_path, kept, said):
    source = private(tmp_path / "tokens.json", {"refresh_token": REFRESH, **kept})

    def make(url):
        return Credential(kind="oauth", source=source, options={"token_url": url + "/token"})

    answers, upstream = asked(Provider(lambda *_: {}), make, 1)
    assert answers[0].status == 502
    message = answers[0].json()["error"]["message"]
    assert "BRK040" in message
    assert said in message
    assert upstream.requests == []


@pytest.mark.parametrize(
    "told", [{"access_token": "a b"}, {"access_token": "x\ny"}, {"access_token": 5}, {"expires_in": "soon"}]
)
def test_a_token_server_that_answers_nonsense_is_refused(tmp_path, told):
    source = private(tmp_path / "tokens.json", {"refresh_token": REFRESH})

    def make(url):
        return Credential(kind="oauth", source=source, options={"token_url": url + "/token"})

    answers, _ = asked(Provider(lambda *_: told), make, 1)
    assert answers[0].status == 502
    assert "BRK040" in answers[0].json()["error"]["message"]


@pytest.mark.parametrize(("seconds", "asked_for"), [(-5, 1), (0, 1), (10**30, 1), (3600, 1)])
def test_a_strange_lifetime_neither_hammers_the_server_nor_lasts_for_ever(tmp_path, seconds, asked_for):
    place = tmp_path / "tokens.json"
    source = private(place, {"refresh_token": REFRESH})
    used = []

    def make(url):
        return Credential(kind="oauth", source=source, options={"token_url": url + "/token"})

    answers, _ = asked(Provider(lambda *_: used.append(1) or {}, seconds=seconds), make, 3)
    assert [a.status for a in answers] == [200] * 3
    assert len(used) == asked_for
    assert json.loads(place.read_text())["expires_at"] <= time.time() + 86_401


def test_a_link_to_the_token_file_stays_a_link(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    private(real, {"refresh_token": REFRESH})
    link.symlink_to(real)

    def make(url):
        return Credential(
            kind="oauth", source=SecretSource(kind="file", value=(str(link),)), options={"token_url": url}
        )

    answers, _ = asked(Provider(lambda *_: {}), make, 1)
    assert answers[0].status == 200
    assert link.is_symlink()
    assert "access_token" in json.loads(real.read_text())
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".handrail")] == []
