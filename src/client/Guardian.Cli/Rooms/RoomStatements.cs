using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Guardian.Attestation.Evidence;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Failures;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>Verifies statements of a room: signature, quote, and that the contract names the enclave, which is bound to this
/// contract.</summary>
internal static class RoomStatements
{
    /// <summary>Verifies a statement down to the quote.</summary>
    /// <exception cref="RefusedException">It does not verify; the refusal has stage and reason, or what was found and accepted.</exception>
    public static VerifiedStatement Verify(byte[] statement, RoomContract contract)
    {
        var (verified, refusal) = StatementVerifier.Verify(statement, TimeProvider.System.GetUtcNow(), CliVerifier.Default);
        if (verified is null)
        {
            throw QuoteRefusals.Of(refusal!, "not verified", [$"stage: {refusal!.Location?.Part}"]);
        }
        var expected = EvidenceContext.RoomStatement(contract.Hash);
        if (!expected.Equals(verified.Context))
        {
            throw CliReasons.WrongContract.Refuse(
                "not verified: the statement was made under another contract, or for another purpose",
                problems: [$"found {verified.Context}", $"expected {expected}"]);
        }
        var appraisal = contract.Enclave.Appraise(verified.Quote);
        return appraisal.IsAccepted
            ? verified
            : throw CliReasons.WrongEnclave.Refuse(
                "not verified: the statement was made by an enclave that the contract does not name",
                problems: [.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())]);
    }

    /// <summary>Verifies a signed answer and reads it. The connection was verified too, but a statement must stand on its own.</summary>
    /// <exception cref="RefusedException">It does not verify, or is no answer.</exception>
    public static Answer ReadAnswer(byte[] statement, RoomContract contract) =>
        Read(statement, contract, Answer.StatementType, AnswerJson.Default.Answer, CliReasons.NoAnswer, "the statement", "an answer");

    /// <summary>Verifies a signed answer and reads it, if it has a result.</summary>
    /// <exception cref="RefusedException">It does not verify, is no answer, or a privacy rule withholds its result.</exception>
    public static Answer ReadResult(byte[] statement, RoomContract contract)
    {
        var answer = ReadAnswer(statement, contract);
        return answer.Body is WithheldResult withheld
            ? throw new RefusedException(RoomReasons.BelowMinimumAudience.Because(withheld.Detail))
            : answer;
    }

    /// <summary>Verifies the signed receipt of an upload and reads it.</summary>
    /// <param name="subject">The name of the statement in a refusal.</param>
    /// <exception cref="RefusedException">It does not verify, or is no receipt of an upload.</exception>
    public static UploadReceipt ReadUploadReceipt(byte[] statement, RoomContract contract, string subject = "the statement") => Read(
        statement, contract, UploadReceipt.StatementType, AnswerJson.Default.UploadReceipt, CliReasons.NoReceipt, subject,
        "a receipt of an upload");

    /// <summary>
    /// Requires that an answer is about the version of a receipt, which is signed like an answer and names what the enclave stored.
    /// </summary>
    /// <returns>The data set.</returns>
    /// <exception cref="RefusedException">The receipt does not verify, or the answer is about another version.</exception>
    public static string RequireVersion(byte[] statement, Answer answer, RoomContract contract, string subject)
    {
        var receipt = ReadUploadReceipt(statement, contract, subject);
        var version = answer.DataVersions.GetValueOrDefault(receipt.DataSet);
        return version == receipt.Version
            ? receipt.DataSet
            : throw CliReasons.OtherVersion.Refuse(
                $"not verified: the answer is about another version of '{receipt.DataSet}' than the receipt",
                problems: [$"found {version ?? "none"}", $"expected {receipt.Version}"]);
    }

    /// <summary>Verifies the signed receipt of a deletion and reads it.</summary>
    /// <exception cref="RefusedException">It does not verify, or is no receipt of a deletion.</exception>
    public static DeletionReceipt ReadDeletionReceipt(byte[] statement, RoomContract contract) => Read(
        statement, contract, DeletionReceipt.StatementType, AnswerJson.Default.DeletionReceipt, CliReasons.NoReceipt, "the statement",
        "a receipt of a deletion");

    /// <summary>Verifies the hand-over of a room and reads it.</summary>
    /// <exception cref="RefusedException">It does not verify, or is for another successor.</exception>
    public static HandOverStatement ReadHandOver(byte[] statement, RoomContract previous, RoomContract successor)
    {
        var (handOver, refusal) = HandOver.Verify(
            statement, previous, successor, TimeProvider.System.GetUtcNow(), CliVerifier.Default);
        return handOver ?? throw new RefusedException(refusal!);
    }

    private static T Read<T>(
        byte[] statement, RoomContract contract, string type, JsonTypeInfo<T> json, RefusalReason otherType, string subject,
        string expected)
    {
        var verified = Verify(statement, contract);
        return verified.Type == type
            ? JsonSerializer.Deserialize(verified.Payload.Span, json)!
            : throw otherType.Refuse($"{subject} is of type '{verified.Type}', not {expected}");
    }
}
