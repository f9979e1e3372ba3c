using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Hosting;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Guardian.Enclave;

/// <summary>The room's HTTP interface. Only members may call it, each known by its TLS key; strangers learn nothing.</summary>
internal static class RoomEndpoints
{
    // A question names a few columns and values.
    private const int MaxQuestionSize = 64 * 1024;

    // A contract has at most 1 MiB, in base64.
    private const int MaxSuccessorSize = 2 * 1024 * 1024;

    // An announcement holds a digest and a number.
    private const int MaxUploadRequestSize = 4 * 1024;

    /// <summary>Adds the calls.</summary>
    /// <param name="app">The server.</param>
    /// <param name="room">The room.</param>
    /// <param name="session">The text of the session that gives the room its key; members compare its hash with the contract's.</param>
    public static void Map(WebApplication app, RoomService room, byte[] session)
    {
        app.MapGet("/v1/session", context => AsMemberAsync(
            context, room, _ => WriteBodyAsync(context, "application/yaml", session)));

        app.MapGet("/v1/room", context => ReplyAsync(
            context, room, member => room.Describe(member), RoomJson.Default.RoomDescription, description => description.ToWidest()));

        app.MapGet("/v1/log", context => ReplyAsync(context, room, _ => room.ReadLog(), RoomJson.Default.LogPage));

        app.MapGet("/v1/datasets/{dataset}/keys", context => ReplyAsync(
            context, room, member => room.DataSets.ReadKeys(member, Route(context, "dataset")), RoomJson.Default.DataSetKeys));

        app.MapPost("/v1/datasets/{dataset}/uploads", context => WithBodyAsync(
            context, room, MaxUploadRequestSize, async (member, body) =>
            {
                var outcome = TryRead(body, RoomJson.Default.UploadRequest, out var request)
                    ? room.DataSets.BeginUpload(member, Route(context, "dataset"), request!)
                    : RefuseBody("an upload request");
                await WriteAsync(context, outcome, RoomJson.Default.UploadState).ConfigureAwait(false);
            }));

        app.MapPut("/v1/datasets/{dataset}/uploads/{digest}/chunks/{index}", context => WithBodyAsync(
            context, room, room.MaxChunkSize, async (member, body) =>
            {
                var outcome = int.TryParse(Route(context, "index"), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    ? room.DataSets.PutChunk(member, Route(context, "dataset"), Route(context, "digest"), index, body.Span)
                    : RoomReasons.BadIndex.Because("the chunk index in the address is not a number");
                await WriteAsync(context, outcome, RoomJson.Default.UploadState).ConfigureAwait(false);
            }));

        app.MapPost("/v1/datasets/{dataset}/uploads/{digest}/commit", context => AsMemberAsync(
            context, room, async member =>
            {
                var (dataSet, digest) = (Route(context, "dataset"), Route(context, "digest"));
                var outcome = await room.TakeTurnAsync(
                    member, () => room.DataSets.Commit(member, dataSet, digest), context.RequestAborted).ConfigureAwait(false);
                await WriteStatementAsync(context, outcome).ConfigureAwait(false);
            }));

        app.MapDelete("/v1/datasets/{dataset}", context => AsMemberAsync(
            context, room, async member =>
            {
                var dataSet = Route(context, "dataset");
                var outcome = await room.TakeTurnAsync(
                    member, () => room.DataSets.Delete(member, dataSet), context.RequestAborted).ConfigureAwait(false);
                await WriteStatementAsync(context, outcome).ConfigureAwait(false);
            }));

        app.MapPost("/v1/succession", context => WithBodyAsync(
            context, room, MaxSuccessorSize, async (member, body) =>
            {
                var outcome = TryRead(body, RoomJson.Default.SuccessorRequest, out var request)
                    ? await room.TakeTurnAsync(
                        member, () => room.Succession.HandOver(member, request!), context.RequestAborted).ConfigureAwait(false)
                    : RefuseBody("a contract that succeeds this one, with its signatures");
                await WriteStatementAsync(context, outcome).ConfigureAwait(false);
            }));

        app.MapGet("/v1/budget", context => ReplyAsync(
            context, room, _ => room.Questions.ReadBudget(), RoomJson.Default.BudgetDescription));

        app.MapGet("/v1/answers", context => ReplyAsync(
            context, room, room.Questions.ListAnswers, QuestionJson.Default.AnswerList, list => list.ToWidest()));

        app.MapGet("/v1/answers/{asked}", context => AsMemberAsync(
            context, room, member => WriteStatementAsync(
                context,
                long.TryParse(Route(context, "asked"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
                    ? room.Questions.ReadAnswer(member, asked)
                    : RoomReasons.BadNumber.Because("the address must end with the number of a log entry"))));

        app.MapPost("/v1/questions", context => WithBodyAsync(
            context, room, MaxQuestionSize, async (member, body) =>
            {
                var outcome = Question.TryRead(body.Span) is { } question
                    ? await room.TakeTurnAsync(
                        member, () => room.Questions.Ask(member, question), context.RequestAborted).ConfigureAwait(false)
                    : RefuseBody("a question");
                await WriteStatementAsync(context, outcome).ConfigureAwait(false);
            }));
    }

    private static Task ReplyAsync<T>(
        HttpContext context, RoomService room, Func<RoomMember, Outcome<T>> work, JsonTypeInfo<T> type, Func<T, T>? widen = null)
        where T : class =>
        AsMemberAsync(context, room, member => WriteAsync(context, work(member), type, widen));

    private static async Task WithBodyAsync(
        HttpContext context, RoomService room, int maxSize, Func<RoomMember, ReadOnlyMemory<byte>, Task> work) =>
        await AsMemberAsync(context, room, async member =>
        {
            if (await RequestBody.ReadAsync(context.Request, maxSize, context.RequestAborted).ConfigureAwait(false) is { } body)
            {
                await work(member, body).ConfigureAwait(false);
            }
            else
            {
                var refusal = RoomReasons.TooLarge.Because($"the body may have at most {maxSize} bytes here");
                await RefuseAsync(context, refusal).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);

    private static async Task AsMemberAsync(HttpContext context, RoomService room, Func<RoomMember, Task> work)
    {
        var certificate = context.Connection.ClientCertificate;
        if (certificate is null || room.FindMember(certificate.PublicKey.ExportSubjectPublicKeyInfo()) is not { } member)
        {
            await RefuseAsync(context, RoomReasons.NotAMember.Because(
                "your TLS key is not a member's; use the key whose public half is in the contract")).ConfigureAwait(false);
            return;
        }
        try
        {
            await work(member).ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            await RefuseAsync(context, refused.Refusal).ConfigureAwait(false);
        }
        catch (IOException failure) when (failure is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            // The operator learns which file it was; a member does not.
            await Console.Error.WriteLineAsync($"guardian-enclave: error: {failure.Message}").ConfigureAwait(false);
            await RefuseAsync(context, RoomReasons.DiskFailed.Because("the disk of the room is full, or fails")).ConfigureAwait(false);
        }
    }

    private static bool TryRead<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type, out T? value) where T : class
    {
        try
        {
            value = JsonSerializer.Deserialize(body.Span, type);
        }
        catch (JsonException)
        {
            value = null;
        }
        return value is not null;
    }

    private static Refusal RefuseBody(string expected) =>
        RoomReasons.BadRequest.Because($"the body is not {expected} as this release knows it");

    private static async Task WriteAsync<T>(
        HttpContext context, Outcome<T> outcome, JsonTypeInfo<T> type, Func<T, T>? widen = null) where T : class
    {
        if (outcome.Refusal is { } refusal)
        {
            await RefuseAsync(context, refusal).ConfigureAwait(false);
            return;
        }
        var value = outcome.Value!;
        await WriteBodyAsync(
            context, "application/json", PaddedJson.Write(value, widen is null ? value : widen(value), type)).ConfigureAwait(false);
    }

    private static async Task WriteStatementAsync(HttpContext context, Outcome<byte[]> outcome)
    {
        if (outcome.Refusal is { } refusal)
        {
            await RefuseAsync(context, refusal).ConfigureAwait(false);
            return;
        }
        await WriteBodyAsync(context, "application/jose+json", outcome.Value!).ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context, Refusal refusal) => RefuseAsync(context, StatusOf(refusal.Kind), refusal);

    /// <summary>Writes a refusal (RFC 9457).</summary>
    internal static async Task RefuseAsync(HttpContext context, int status, Refusal refusal)
    {
        context.Response.StatusCode = status;
        var body = JsonSerializer.SerializeToUtf8Bytes(RoomProblem.Of(refusal, status), RoomJson.Default.RoomProblem);
        await WriteBodyAsync(context, "application/problem+json", body).ConfigureAwait(false);
    }

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCodes.Status400BadRequest,
        RefusalKind.Forbidden or RefusalKind.Unverified => StatusCodes.Status403Forbidden,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Damaged => StatusCodes.Status500InternalServerError,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status422UnprocessableEntity,
    };

    // With the length in front, a body is not cut into parts whose number depends on buffers.
    private static async Task WriteBodyAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body).ConfigureAwait(false);
    }

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}
