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
        new("cas", "Run a configuration and attestation service (CAS), or verify one.") { CreateStart(), CreateAttest(), CreateProvisioning() };

    private static Command CreateStart()
    {
        var host = new HostOptions("cas");
        var start = new Command("start", "Run a CAS in its enclave until it is ended.");
        host.AddTo(start);
        var provision = new Option<string?>("--provision") { Description = "Address and port for clients of Gramine's secret provisioning; without it, none are served.", HelpName = "HOST:PORT" };
        var unnamed = new Option<string?>("--provision-unnamed") { Description = "What such a client gets whose address for the CAS does not name a service.", HelpName = "SESSION/SERVICE" };
        start.Options.Add(provision);
        start.Options.Add(unnamed);
        start.Runs((arguments, terminal, cancellation) =>
            host.RunAsync(InstalledProgram.Cas, arguments, [.. Passed(arguments, provision), .. Passed(arguments, unnamed)], terminal, cancellation));
        return start;
    }

    private static string[] Passed(ParseResult arguments, Option<string?> option) => arguments.GetValue(option) is { } value ? [option.Name, value] : [];

    private static Command CreateProvisioning()
    {
        var address = new Argument<Uri>("ADDRESS") { Description = "The CAS, https://host:port.", CustomParser = Addresses.Parse };
        var output = new Option<string>("--output") { Description = "The file to write, PEM.", Required = true, HelpName = "FILE" };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var provisioning = new Command("provisioning", "Verify a CAS and write the certificate that clients of Gramine's secret provisioning trust it by.") { address, output };
        policy.AddTo(provisioning);
        provisioning.Runs(async (arguments, terminal, cancellation) =>
        {
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), null, TimeProvider.System, collateral: CollateralCommands.Store(null));
            var path = arguments.GetRequiredValue(output);
            await File.WriteAllTextAsync(path, await client.ReadProvisioningCertificateAsync(cancellation).ConfigureAwait(false) + "\n", cancellation).ConfigureAwait(false);
            terminal.Show(new JsonObject { ["file"] = path }, people => people.WriteLine($"wrote {path}"));
            return ExitCode.Done;
        });
        return provisioning;
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
