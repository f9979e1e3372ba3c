using System.CommandLine;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cli.Failures;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary><c>guardian cas audit verify</c>.</summary>
internal sealed class AuditVerifyCommand : LocalCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "A log that 'guardian cas audit fetch' wrote." };
    private readonly Option<string?> since = new("--since")
    {
        Description = "An earlier log of the same CAS, whose end must still be part of this one.",
        HelpName = "FILE",
    };
    private readonly PolicyOptions policy = new(InstalledProgram.Cas);

    public AuditVerifyCommand() : base("verify", "Verify a log offline: every link, every signature down to a quote, and the end.") =>
        AddSymbols([file, since, .. policy.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var accepted = policy.Read(arguments);
        var now = TimeProvider.System.GetUtcNow();
        AuditHead? earlier = null;
        if (arguments.GetValue(since) is { } before)
        {
            earlier = Require(AuditVerifier.ReadHead(AuditLogFile.Read(before).Head, accepted, now, CliVerifier.Default), before);
        }
        var path = arguments.GetRequiredValue(file);
        var (lines, head) = AuditLogFile.Read(path, given => CountVerified(given, accepted, now));
        var end = Require(AuditVerifier.Verify(lines, head, earlier, accepted, now, CliVerifier.Default), path);
        var continued = earlier is null ? "" : $", which continue the {earlier.Sequence} of {earlier.Time}";
        terminal.Show(
            new AuditVerifyResult(Verified: true, end.Log, end.Sequence, end.Hash, end.Time), CasResultsJson.Default.AuditVerifyResult,
            people =>
            {
                people.WriteLine($"verified: {end.Sequence} entries up to {end.Time}{continued}");
                people.WriteLine($"log {end.Log}");
            });
        return ExitCode.Done;
    }

    // A fetch that found a fault keeps the lines before it.
    private static string CountVerified(IEnumerable<string> lines, AttestationPolicy accepted, DateTimeOffset now)
    {
        var follower = new AuditFollower(accepted, now, CliVerifier.Default);
        var refusal = lines.Select(line => follower.Append(line).Refusal).FirstOrDefault(found => found is not null);
        return refusal is null
            ? $"; its {follower.Sequence} lines verify"
            : $"; {follower.Sequence} lines verify, and then: {refusal.Detail}";
    }

    private static AuditHead Require(Outcome<AuditHead> outcome, string path) => outcome.Value
        ?? throw new RefusedException(outcome.Refusal! with { Detail = $"{path} does not verify: {outcome.Refusal.Detail}" });
}

/// <summary>The result of <c>cas audit verify</c>.</summary>
/// <param name="Log">Names the log.</param>
/// <param name="Hash">SHA-256 of its last line.</param>
/// <param name="Time">When the CAS signed its end.</param>
internal sealed record AuditVerifyResult(bool Verified, string Log, long Entries, string Hash, string Time);
