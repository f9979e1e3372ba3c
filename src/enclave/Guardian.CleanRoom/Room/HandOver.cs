using System.Text.Json;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Statements;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>
/// The hand-over that the host gives to a room which succeeds another. The host is not trusted: the statement is verified.
/// </summary>
/// <param name="Read">Reads the statement; returns null when there is none.</param>
/// <param name="Verifier">Verifies its quote.</param>
public sealed record HandOverSource(Func<byte[]?> Read, EvidenceVerifier Verifier);

/// <summary>
/// Verifies the statement by which a room hands its budget and the head of its log over. It comes from an enclave that the old contract
/// names, and was made for one successor.
/// </summary>
public static class HandOver
{
    /// <summary>Verifies a hand-over.</summary>
    /// <param name="statement">The statement, as the old room signed it.</param>
    /// <param name="previous">The old contract.</param>
    /// <param name="successor">The contract that succeeds it.</param>
    /// <param name="now">The instant at which the quote must be valid.</param>
    /// <param name="verifier">Verifies the quote.</param>
    /// <returns>The hand-over, or a refusal with the first problem.</returns>
    public static Outcome<HandOverStatement> Verify(
        byte[] statement, RoomContract previous, RoomContract successor, DateTimeOffset now, EvidenceVerifier verifier)
    {
        ArgumentNullException.ThrowIfNull(statement);
        ArgumentNullException.ThrowIfNull(previous);
        ArgumentNullException.ThrowIfNull(successor);
        var (verified, refusal) = StatementVerifier.Verify(statement, now, verifier);
        if (verified is null)
        {
            return Refuse(refusal!.Detail);
        }
        if (verified.Type != HandOverStatement.StatementType || !EvidenceContext.RoomStatement(previous.Hash).Equals(verified.Context))
        {
            return Refuse("it is no hand-over of the room under the contract before");
        }
        var appraisal = previous.Enclave.Appraise(verified.Quote);
        if (!appraisal.IsAccepted)
        {
            var problems = appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString());
            return Refuse("an enclave made it that the contract before does not name") with { Problems = [.. problems] };
        }
        var handOver = JsonSerializer.Deserialize(verified.Payload.Span, AnswerJson.Default.HandOverStatement)!;
        return handOver.ContractHash == Convert.ToHexStringLower(previous.Hash.Span)
            && handOver.Successor == Convert.ToHexStringLower(successor.Hash.Span)
            ? handOver
            : Refuse("the old room handed itself over to another contract");
    }

    private static Refusal Refuse(string detail) => RoomReasons.NoHandOver.Because($"the hand-over is not valid: {detail}");
}
