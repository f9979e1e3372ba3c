using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian cas audit</c>: what a CAS did, and proof that nobody changed the record.</summary>
internal static class CasAuditCommands
{
    // A log of some million entries; what is larger is verified elsewhere.
    private const long MaxLogSize = 1024L * 1024 * 1024;

    public static Command Create() => new("audit", "Read a CAS's audit log, and verify that nothing in it was changed, cut off or put back.")
    {
        CreateFetch(), CreateVerify(), CreateShow(),
    };

    private static Command CreateFetch()
    {
        var output = new Option<string>("--output") { Description = "The file to write: a line each entry, and the signed end.", Required = true, HelpName = "FILE" };
        return CasCommands.Remote("fetch", "Write the whole log to a file. Keep it: an older log proves later that a CAS went back.", [output], async (client, arguments, terminal, cancellation) =>
        {
            var (lines, head) = (new List<string>(), "");
            for (AuditPage page; (page = await client.ReadAuditAsync(lines.Count, cancellation).ConfigureAwait(false)).Lines.Count > 0 || head.Length == 0;)
            {
                lines.AddRange(page.Lines);
                head = page.Head;
            }
            var path = arguments.GetRequiredValue(output);
            await File.WriteAllTextAsync(path, string.Concat(lines.Select(line => $"{line}\n")) + head + "\n", cancellation).ConfigureAwait(false);
            terminal.Show(new JsonObject { ["file"] = path, ["entries"] = lines.Count }, people => people.WriteLine($"wrote {lines.Count} entries to {path}"));
            return ExitCode.Done;
        });
    }

    private static Command CreateVerify()
    {
        var file = new Argument<string>("FILE") { Description = "A log that 'fetch' wrote." };
        var since = new Option<string?>("--since") { Description = "An earlier log of the same CAS: what it ended with must still be there.", HelpName = "FILE" };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var verify = new Command("verify", "Verify a log offline: every link, every signature down to a quote, and the end.") { file, since };
        policy.AddTo(verify);
        verify.Runs((arguments, terminal) =>
        {
            var accepted = policy.Read(arguments);
            var now = TimeProvider.System.GetUtcNow();
            AuditHead? earlier = null;
            if (arguments.GetValue(since) is { } before)
            {
                earlier = Accept(AuditVerifier.ReadHead(Read(before).Head, accepted, now, CliVerifier.Default), before);
            }
            var path = arguments.GetRequiredValue(file);
            var (lines, head) = Read(path);
            var end = Accept(AuditVerifier.Verify(lines, head, earlier, accepted, now, CliVerifier.Default), path);
            terminal.Show(
                new JsonObject { ["verified"] = true, ["log"] = end.Log, ["entries"] = end.Sequence, ["hash"] = end.Hash, ["time"] = end.Time },
                people => people.WriteLine($"verified: {end.Sequence} entries up to {end.Time}{(earlier is null ? "" : $", going on from the {earlier.Sequence} of {earlier.Time}")}\nlog {end.Log}"));
            return ExitCode.Done;
        });
        return verify;
    }

    private static Command CreateShow()
    {
        return CasCommands.Remote("show", "Print the log; of what is not yours, only that it happened.", [], async (client, _, terminal, cancellation) =>
        {
            var entries = new JsonArray();
            var number = 0L;
            for (AuditPage page; (page = await client.ReadAuditAsync(number, cancellation).ConfigureAwait(false)).Lines.Count > 0;)
            {
                foreach (var (line, detail) in page.Lines.Zip(page.Details))
                {
                    number++;
                    var entry = AuditVerifier.Describe(line)
                        ?? throw new CliException(ExitCode.World, "bad-log", $"entry {number} is no entry of an audit log");
                    terminal.Show(
                        new JsonObject
                        {
                            ["sequence"] = number, ["time"] = entry.Time, ["event"] = entry.Event, ["subject"] = detail?.Subject, ["by"] = detail?.By, ["text"] = detail?.Text,
                        },
                        people => people.Write(new Text($"{number,6} {entry.Time} {entry.Event,-18} {(detail is null ? "(not yours to read)" : $"{detail.Subject} by {detail.By}{(detail.Text.Length > 0 ? $": {detail.Text}" : "")}")}\n")));
                }
            }
            return ExitCode.Done;
        });
    }

    private static AuditHead Accept(Outcome<AuditHead> outcome, string path) => outcome.Value
        ?? throw new RefusedException(outcome.Refusal! with { Detail = $"{path} does not verify: {outcome.Refusal.Detail}" });

    private static (IReadOnlyList<ReadOnlyMemory<byte>> Lines, byte[] Head) Read(string path)
    {
        if (new FileInfo(path).Length > MaxLogSize)
        {
            throw new CliException(ExitCode.Usage, "too-large", $"{path} has more than {MaxLogSize} bytes");
        }
        var lines = File.ReadAllLines(path);
        return lines.Length > 0 && lines[^1].StartsWith('{')
            ? ([.. lines[..^1].Select(line => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(line))], Encoding.UTF8.GetBytes(lines[^1]))
            : throw new CliException(ExitCode.Refused, "truncated", $"{path} lacks the signed end of the log", hint: "fetch it again: guardian cas audit fetch");
    }
}
