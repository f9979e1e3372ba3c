using Guardian.Attestation.Policy;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Contract;

namespace Guardian.Cli.Rooms;

/// <summary>Verifies what left a room: signature, quote, and that the enclave is one the contract names, bound to this contract.</summary>
internal static class RoomStatements
{
    /// <exception cref="CliException">It is not verified; stage, reason and found against accepted are in it.</exception>
    public static VerifiedStatement Verify(byte[] statement, RoomContract contract, DateTimeOffset now)
    {
        var (verified, refusal) = StatementVerifier.Verify(statement, now, CliVerifier.Default);
        if (verified is null)
        {
            throw new CliException(
                ExitCode.Refused, refusal!.Code, $"not verified: {refusal.Detail}", [$"stage: {refusal.Location?.Part}"]);
        }
        if (!verified.Binding.Span.SequenceEqual(contract.Hash.Span))
        {
            throw new CliException(
                ExitCode.Refused, "wrong-contract", "not verified: the statement was made under another contract",
                [$"found {Convert.ToHexStringLower(verified.Binding.Span)}", $"expected {Convert.ToHexStringLower(contract.Hash.Span)}"]);
        }
        var appraisal = contract.Enclave.Appraise(verified.Quote);
        return appraisal.IsAccepted
            ? verified
            : throw new CliException(
                ExitCode.Refused, "wrong-enclave", "not verified: the statement was made by an enclave that the contract does not name",
                [.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())]);
    }
}
