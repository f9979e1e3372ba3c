using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Attestation.Verification;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room verify</c>.</summary>
internal sealed class RoomVerifyCommand : LocalCommand
{
    private readonly Argument<string> statement = RoomReportCommand.CreateStatementArgument();
    private readonly Option<string> contract = RoomReportCommand.CreateContractOption();
    private readonly Option<string[]> receipts = new("--receipt")
    {
        Description = "Receipt of an upload: the answer must be about that version of that data set; repeatable.",
        HelpName = "FILE",
    };

    public RoomVerifyCommand() : base(
        "verify", "Verify a signed answer offline: signature, quote, code, contract, and with receipts, the data.") =>
        AddSymbols(statement, contract, receipts);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var file = RoomFile.Load(arguments.GetRequiredValue(contract));
        file.RequireSigned();
        var bytes = InputFile.ReadBytes(arguments.GetRequiredValue(statement));
        var answer = RoomStatements.ReadAnswer(bytes, file.Contract);
        var quote = RoomStatements.Verify(bytes, file.Contract).Quote;
        List<string> versions = [.. (arguments.GetValue(receipts) ?? []).Select(path => RoomStatements.RequireVersion(
            InputFile.ReadBytes(path), answer, file.Contract, path))];
        var result = new RoomVerifyResult(
            Verified: true, versions, Platforms.Name(quote.Platform), quote.RootName, quote.RootKeyHash, quote.IsRootIntel,
            quote.Report.MrEnclave.ToString(), file.Hash,
            JsonSerializer.SerializeToNode(answer, AnswerJson.Default.Answer)!);
        terminal.Show(result, RoomsJson.Default.RoomVerifyResult, people =>
        {
            people.WriteFacts(
                ("verified", "signature, key in quote, quote to its root, code and contract"),
                ("root", result.Root),
                ("root key", $"SHA-256 {result.RootKeySha256} ({(result.RootIsIntel ? "Intel's" : "not Intel's")})"),
                ("platform", Platforms.Explain(quote.Platform)),
                ("mrenclave", result.MrEnclave),
                ("contract", file.Hash),
                ("asked by", $"{answer.Member}, {answer.Instant.ToString("u", CultureInfo.InvariantCulture)}"),
                ("data versions", string.Join(", ", answer.DataVersions.Select(version =>
                    $"{version.Key} {Format.Brief(version.Value)}{(versions.Contains(version.Key) ? " (as received)" : "")}"))),
                ("rules", RoomView.DescribePrivacy(answer.MinimumAudience, answer.Epsilon)));
            RoomView.ShowAnswer(people, answer);
        });
        return ExitCode.Done;
    }
}

/// <summary>The result of <c>room verify</c>.</summary>
/// <param name="VersionsVerified">Data sets whose version a receipt confirms.</param>
/// <param name="Root">The root of trust.</param>
/// <param name="RootKeySha256">SHA-256 of the root's SubjectPublicKeyInfo.</param>
/// <param name="Answer">The answer as the room wrote it.</param>
internal sealed record RoomVerifyResult(
    bool Verified, IReadOnlyList<string> VersionsVerified, string Platform, string Root, string RootKeySha256, bool RootIsIntel,
    string MrEnclave, string ContractHash, JsonNode Answer);
