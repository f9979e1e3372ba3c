using Guardian.Attestation.Evidence;
using Guardian.Attestation.RaTls;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Shards;
using Guardian.Hosting;
using Guardian.Refusals;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Guardian.Enclave;

/// <summary>A shard's HTTP interface: one call, for enclaves of the same room only. Members and strangers learn nothing.</summary>
internal static class ShardEndpoints
{
    public const string Path = "/v1/shard";

    public static void Map(WebApplication app, RoomShard shard, RoomContract contract, EvidenceVerifier verifier, TimeProvider time) =>
        app.MapPost(Path, async context =>
        {
            if (!IsOfThisRoom(context, contract, verifier, time.GetUtcNow()))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }
            var read = await RequestBody.ReadAsync(
                context.Request, RoomShard.MaxRequestSize, context.RequestAborted).ConfigureAwait(false);
            if (read is not { } body)
            {
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return;
            }
            try
            {
                var outcome = await Task.Run(() => shard.Run(body.Span), context.RequestAborted).ConfigureAwait(false);
                context.Response.StatusCode = outcome.Refusal is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
                var reply = outcome.Value ?? [];
                context.Response.ContentLength = reply.Length;
                await context.Response.Body.WriteAsync(reply).ConfigureAwait(false);
            }
            catch (RefusedException)
            {
                // This host's storage holds something else than the lead enclave committed.
                context.Response.StatusCode = StatusCodes.Status409Conflict;
            }
        });

    // Such a caller is an enclave that the contract names and that serves this contract, so it could compute the same result itself.
    private static bool IsOfThisRoom(HttpContext context, RoomContract contract, EvidenceVerifier verifier, DateTimeOffset now)
    {
        var peer = RaTlsVerifier.Verify(context.Connection.ClientCertificate?.RawData, now, verifier).Value;
        return peer is not null && contract.Enclave.Appraise(peer.Quote).IsAccepted
            && ExpectedEvidence.Exactly(EvidenceContext.RoomLead(contract.Hash)).FindFault(peer.Context) is null;
    }
}
