"""httpLink: one call a request, by the official client."""

import pytest

from tests.rpc.core.conftest import Another
from tests.support.node import Driver

pytestmark = [pytest.mark.busy, pytest.mark.asyncio(loop_scope="session")]


async def test_a_query_without_input(js: Driver) -> None:
    assert await js.run("return await single().ping.query()") == "pong"


@pytest.mark.parametrize("name", ["A", "Zoë", "a+b c", "100%", "%41", "🏇 tiltyard", 'q"uo\\te', "a&b=c#d", "line\nbreak", "𝒳,y/z?."])
async def test_any_text_survives_the_url(js: Driver, name: str) -> None:
    import json

    assert await js.run(f"return await single().hello.query({{ name: {json.dumps(name)} }})") == {"text": f"hi {name}"}


async def test_an_input_may_be_a_bare_string(js: Driver) -> None:
    assert await js.run("return await single().user.byId.query('7')") == {"id": "7", "name": "u7", "role": "user"}


async def test_numbers_arrive_as_numbers(js: Driver) -> None:
    assert await js.run("return await single().slow.query({ ms: 1 })") == 1


@pytest.mark.parametrize(("sent", "got"), [("", "null"), ("null", "null"), ("undefined", "null"), ("{ name: 'x' }", "x")])
async def test_an_optional_input_may_be_absent_null_or_there(js: Driver, sent: str, got: str) -> None:
    assert await js.run(f"return await single().maybe.query({sent})") == {"got": got}


async def test_null_comes_back_as_null(js: Driver) -> None:
    assert await js.run("return (await single().nothing.query()) === null")


async def test_moments_come_back_as_iso_text(js: Driver) -> None:
    assert await js.run("return await single().when.query()") == {"at": "1970-01-01T00:00:00Z"}


async def test_a_mutation_with_a_body_takes_its_defaults(js: Driver) -> None:
    assert await js.run("return await single().user.create.mutate({ name: 'Ann' })") == {"id": "1", "name": "Ann", "role": "user"}


async def test_a_mutation_without_a_body(js: Driver) -> None:
    assert await js.run("return await single().user.reset.mutate()") is True


async def test_the_base_may_end_in_a_slash_and_have_a_query_of_its_own(js: Driver) -> None:
    assert await js.run("return await single({ url: url + '/?tenant=a%20b' }).hello.query({ name: 'A' })") == {"text": "hi A"}


async def test_a_declared_error_is_typed(js: Driver) -> None:
    error = await js.run("return await failure(single().fail.query())")
    assert error["trpc"]
    assert error["message"] == "dup"
    assert error["shape"]["code"] == -32009
    data = error["data"]
    assert (data["code"], data["httpStatus"], data["path"]) == ("CONFLICT", 409, "fail")
    assert (data["reason"], data["retryAfter"]) == ("duplicate", 3)
    assert data["requestId"]
    assert "stack" not in data


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [("{ name: '' }", "/name"), ("{}", "/name"), ("{ name: 3 }", "/name"), ("{ name: 'a', nam: 'b' }", "/nam"), ("[]", ""), ("undefined", "")],
)
async def test_a_wrong_input_is_told_where(js: Driver, sent: str, pointer: str) -> None:
    error = await js.run(f"return await failure(single().hello.query({sent}))")
    assert (error["data"]["code"], error["data"]["httpStatus"], error["data"]["path"]) == ("BAD_REQUEST", 400, "hello")
    assert [issue["pointer"] for issue in error["data"]["issues"]] == [pointer]
    assert error["data"]["issues"][0]["message"]


async def test_what_clients_add_on_their_own_is_no_unknown_field(ours: Driver) -> None:
    code = "return await single().hello.query({ name: 'A', cursor: null, direction: 'forward', lastEventId: '3' })"
    assert await ours.run(code) == {"text": "hi A"}


async def test_an_unknown_procedure_is_not_found(js: Driver) -> None:
    error = await js.run("return await failure(single().no.such.query())")
    assert (error["data"]["code"], error["data"]["httpStatus"], error["data"]["path"]) == ("NOT_FOUND", 404, "no.such")
    assert error["shape"]["code"] == -32004


async def test_a_query_is_no_mutation(js: Driver) -> None:
    error = await js.run("return await failure(single().ping.mutate())")
    assert (error["data"]["code"], error["shape"]["code"]) == ("METHOD_NOT_SUPPORTED", -32005)


async def test_a_get_never_reaches_a_mutation(js: Driver) -> None:
    answer = await js.run("return await raw('/rpc/user.reset')")
    assert (answer["status"], answer["headers"]["allow"]) == (405, "POST")


async def test_an_internal_error_keeps_its_words_at_home(js: Driver) -> None:
    error = await js.run("return await failure(single().boom.query())")
    assert (error["data"]["code"], error["data"]["httpStatus"]) == ("INTERNAL_SERVER_ERROR", 500)
    assert "kaboom" not in str(error)
    assert error["data"]["requestId"] in str(error["shape"])


async def test_text_that_is_not_json_is_a_bad_request(js: Driver) -> None:
    for call in (
        "raw('/rpc/hello?input=%7Bno')",
        "raw('/rpc/user.create', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{no' })",
    ):
        answer = await js.run(f"return await {call}")
        assert (answer["status"], answer["body"]["error"]["data"]["code"]) == (400, "BAD_REQUEST")


async def test_a_broken_escape_in_the_path_is_a_bad_request_as_a_whole(js: Driver) -> None:
    for path in ("/rpc/p%zz", "/rpc/ping%", "/rpc/%ff"):
        answer = await js.run(f"return await raw('{path}')")
        assert (answer["status"], answer["body"]["error"]["code"]) == (400, -32600), path
        assert "path" not in answer["body"]["error"]["data"]


async def test_the_path_is_decoded_once(js: Driver) -> None:
    assert (await js.run("return await raw('/rpc/user%2EbyId?input=%22a%2Bb+c%22')"))["body"]["result"]["data"]["id"] == "a+b c"
    assert (await js.run("return await raw('/rpc/user%252EbyId')"))["status"] == 404


@pytest.mark.parametrize("headers", ["{}", "{ 'content-type': 'text/plain' }", "{ 'content-type': 'application/xml' }"])
async def test_a_body_of_an_unknown_type_is_unsupported(js: Driver, headers: str) -> None:
    answer = await js.run(f"return await raw('/rpc/user.reset', {{ method: 'POST', headers: {headers}, body: new Uint8Array([123, 125]) }})")
    assert (answer["status"], answer["body"]["error"]["code"]) == (415, -32015)


async def test_content_types_have_parameters_and_any_case(js: Driver) -> None:
    init = "{ method: 'POST', headers: { 'content-type': 'Application/JSON; charset=utf-8' }, body: '{\"name\":\"B\"}' }"
    assert (await js.run(f"return await raw('/rpc/user.create', {init})"))["body"]["result"]["data"]["name"] == "B"


async def test_head_answers_with_nothing(ours: Driver) -> None:
    answer = await ours.run("return await raw('/rpc/ping', { method: 'HEAD' })")
    assert (answer["status"], answer["body"], answer["headers"]["vary"]) == (204, None, "trpc-accept, accept")


async def test_every_answer_tells_what_it_varies_by_and_the_contract(ours: Driver) -> None:
    answers = await ours.run("return [await raw('/rpc/ping'), await raw('/rpc/boom'), await raw('/rpc/p%zz'), await raw('/rpc/no')]")
    assert {a["headers"]["vary"] for a in answers} == {"trpc-accept, accept"}
    assert {a["headers"]["content-type"] for a in answers} == {"application/json"}
    assert len({a["headers"]["x-tiltyard-contract"] for a in answers}) == 1
    assert len({a["headers"]["x-request-id"] for a in answers}) == 4


async def test_slashes_are_not_collapsed(js: Driver) -> None:
    answer = await js.run("return await raw('/rpc//ping')")
    assert (answer["status"], answer["body"]["error"]["data"]["path"]) == (404, "/ping")


async def test_form_data_arrives_with_its_file(js: Driver) -> None:
    code = """
        const form = new FormData();
        form.set('name', 'Zoë');
        form.set('file', new File([new Uint8Array(5000).fill(13)], 'ré sumé.bin', { type: 'application/x-thing' }));
        return await single().upload.mutate(form);
    """
    assert await js.run(code) == {"name": "Zoë", "size": 5000, "type": "application/x-thing", "filename": "ré sumé.bin"}


async def test_a_form_without_its_file_is_told_what_is_missing(js: Driver) -> None:
    error = await js.run("const form = new FormData(); form.set('name', 'x'); return await failure(single().upload.mutate(form))")
    assert [issue["pointer"] for issue in error["data"]["issues"]] == ["/file"]


@pytest.mark.parametrize("kind", ["new Uint8Array(n)", "new Blob([new Uint8Array(n)])", "new File([new Uint8Array(n)], 'x')"])
async def test_two_megabytes_of_octets_arrive_whole(js: Driver, kind: str) -> None:
    assert await js.run(f"const n = 2 * 1024 * 1024 + 7; return await single().octets.mutate({kind})") == 2 * 1024 * 1024 + 7


async def test_a_body_past_the_limit_is_refused(js: Driver) -> None:
    error = await js.run("return await failure(single().octets.mutate(new Uint8Array(17 * 1024 * 1024)))")
    assert (error["data"]["code"], error["shape"]["code"]) == ("PAYLOAD_TOO_LARGE", -32013)


async def test_a_wrong_kind_of_body_for_the_procedure_is_a_bad_request(js: Driver) -> None:
    errors = await js.run("return [await failure(single().octets.mutate({ a: 1 })), await failure(single().hello.mutate(new FormData()))]")
    assert [e["data"]["code"] for e in errors] == ["BAD_REQUEST", "METHOD_NOT_SUPPORTED"]


async def test_a_query_by_post_is_refused_unless_the_server_opts_in(js: Driver, another: Another) -> None:
    error = await js.run("return await failure(single({ methodOverride: 'POST' }).hello.query({ name: 'A' }))")
    assert error["data"]["code"] == "METHOD_NOT_SUPPORTED"
    code = """
        const client = single({ methodOverride: 'POST' });
        const many = batched({ methodOverride: 'POST' }).client;
        const reset = await raw('/rpc/user.reset');
        return [await client.hello.query({ name: 'A' }), await client.ping.query(),
          await Promise.all([many.ping.query(), many.hello.query({ name: 'B' })]), reset.body.error.data.code];
    """
    assert await (await another("--method-override")).run(code) == [{"text": "hi A"}, "pong", ["pong", {"text": "hi B"}], "METHOD_NOT_SUPPORTED"]


async def test_leaving_cancels_the_handler(js: Driver) -> None:
    code = """
        const before = await mark();
        const leaving = new AbortController();
        const call = failure(single().slow.query({ ms: 9000 }, { signal: leaving.signal }));
        await sleep(150);
        leaving.abort();
        const error = await call;
        await until(async () => (await log(before)).length === 1);
        return [error.cause, await log(before)];
    """
    assert await js.run(code) == ["AbortError", [["cancelled", "slow"]]]
