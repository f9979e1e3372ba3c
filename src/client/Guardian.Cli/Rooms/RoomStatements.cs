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
        var verdict = StatementVerifier.Verify(statement, now, CliVerifier.Default);
        if (!verdict.IsVerified)
        {
            throw new CliException(ExitCode.Refused, verdict.Failure.Reason, $"not verified: {verdict.Failure.Detail}", [$"stage: {verdict.Failure.Stage}"]);
        }
        if (!verdict.Statement.Binding.Span.SequenceEqual(contract.Hash.Span))
        {
            throw new CliException(
                ExitCode.Refused, "wrong-contract", "not verified: the statement was made under another contract",
                [$"found {Convert.ToHexStringLower(verdict.Statement.Binding.Span)}", $"expected {Convert.ToHexStringLower(contract.Hash.Span)}"]);
        }
        var appraisal = contract.Enclave.Appraise(verdict.Statement.Quote);
        return appraisal.IsAccepted
            ? verdict.Statement
            : throw new CliException(
                ExitCode.Refused, "wrong-enclave", "not verified: the statement was made by an enclave that the contract does not name",
                [.. appraisal.Checks.Where(check => !check.Passed).Select(check => check.ToString())]);
    }
}
