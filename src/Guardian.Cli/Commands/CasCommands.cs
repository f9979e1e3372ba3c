using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Attestation;
using Guardian.Cas.Client;
using Guardian.Sgx;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary><c>guardian cas</c>: run a configuration and attestation service, and verify one.</summary>
internal static class CasCommands
{
    public static Command Create() =>
        new("cas", "Run a configuration and attestation service (CAS), or verify one.") { CreateStart(), CreateAttest() };

    private static Command CreateStart()
    {
        var host = new HostOptions("cas");
        var start = new Command("start", "Run a CAS in its enclave until it is ended.");
        host.AddTo(start);
        start.Runs((arguments, terminal, cancellation) =>
            host.RunAsync(InstalledProgram.Cas, arguments, [], terminal, cancellation));
        return start;
    }

    private static Command CreateAttest()
    {
        var address = new Argument<Uri>("ADDRESS") { Description = "The CAS, https://host:port.", CustomParser = Addresses.Parse };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var attest = new Command("attest", "Verify the quote of a CAS against a policy; nothing is sent before.") { address };
        policy.AddTo(attest);
        attest.Runs(async (arguments, terminal, cancellation) =>
        {
            RaTlsPeer? verified = null;
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), null, TimeProvider.System, (peer, _) => verified = peer, CollateralCommands.Store(null));
            await client.CheckAsync(cancellation).ConfigureAwait(false);
            var report = verified!.Quote.Report;
            var platform = Platforms.Name(verified.Quote.Platform);
            terminal.Show(
                new JsonObject
                {
                    ["verified"] = true,
                    ["platform"] = platform,
                    ["mrEnclave"] = report.MrEnclave.ToString(),
                    ["mrSigner"] = report.MrSigner.ToString(),
                    ["isvProdId"] = report.IsvProdId,
                    ["isvSvn"] = report.IsvSvn,
                    ["debug"] = report.Attributes.Flags.HasFlag(AttributeFlags.Debug),
                },
                people => people.Write(new Grid().AddColumn().AddColumn()
                    .AddRow("verified", "yes: certificate chain, quoting enclave, key binding, signature, policy")
                    .AddRow("platform", Platforms.Explain(verified.Quote.Platform))
                    .AddRow("mrenclave", report.MrEnclave.ToString())
                    .AddRow("mrsigner", report.MrSigner.ToString())
                    .AddRow("isvprodid, isvsvn", string.Create(CultureInfo.InvariantCulture, $"{report.IsvProdId}, {report.IsvSvn}"))));
            return ExitCode.Done;
        });
        return attest;
    }
}
