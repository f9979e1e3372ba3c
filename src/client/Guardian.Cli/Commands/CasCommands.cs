using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Owners;
using Guardian.Cas.Client.Protocol;
using Guardian.Sgx;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian cas</c>: run a configuration and attestation service, verify one, own one.</summary>
internal static class CasCommands
{
    public static Command Create() =>
        new("cas", "Run a configuration and attestation service (CAS), verify one, or own one.")
        {
            CreateStart(), CreateAttest(), CreateClaim(), CasOwnersCommands.Create(), CreateRecover(), CreateCopyKey(), CasAuditCommands.Create(), CreateProvisioning(),
        };

    /// <summary>A command that talks to a CAS with a person's key.</summary>
    public static Command Remote(string verb, string description, IReadOnlyList<Option> more, Func<CasClient, ParseResult, Terminal, CancellationToken, Task<int>> work)
    {
        var address = AddressArgument();
        var key = new Option<string>("--key") { Description = "Your key, by which the CAS knows you.", Required = true, HelpName = "FILE" };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var command = new Command(verb, description) { address, key };
        foreach (var option in more)
        {
            command.Options.Add(option);
        }
        policy.AddTo(command);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var identity = IdentityKey.Load(arguments.GetRequiredValue(key));
            using var certificate = identity.CreateClientCertificate(TimeProvider.System.GetUtcNow());
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), certificate, TimeProvider.System, CliVerifier.Default);
            return await work(client, arguments, terminal, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>The CAS to talk to.</summary>
    public static Argument<Uri> AddressArgument() => new("ADDRESS") { Description = "The CAS, https://host:port.", CustomParser = Addresses.Parse };

    private static Command CreateStart()
    {
        var host = new HostOptions("cas");
        var start = new Command("start", "Run a CAS in its enclave until it is ended.");
        host.AddTo(start);
        var database = new Option<string?>("--database") { Description = "File with a connection string of PostgreSQL, for several replicas; without it, SQLite in the state folder.", HelpName = "FILE" };
        var join = new Option<string?>("--join") { Description = "A replica that has the store's key and gives it to this one, https://host:port.", HelpName = "ADDRESS" };
        var recover = new Option<bool>("--recover") { Description = "Wait for the owners' shares of the store's key, and end when there are enough." };
        var provision = new Option<string?>("--provision") { Description = "Address and port for clients of Gramine's secret provisioning; without it, none are served.", HelpName = "HOST:PORT" };
        var unnamed = new Option<string?>("--provision-unnamed") { Description = "What such a client gets whose address for the CAS does not name a service.", HelpName = "SESSION/SERVICE" };
        var calls = new Option<string?>("--caller-calls") { Description = "How many calls of one caller are answered at once; further ones are told to come again. Without it, 512.", HelpName = "COUNT" };
        Option<string?>[] passed = [database, join, provision, unnamed, calls];
        foreach (var option in passed)
        {
            start.Options.Add(option);
        }
        start.Options.Add(recover);
        start.Runs((arguments, terminal, cancellation) =>
        {
            IEnumerable<string> more = passed.SelectMany<Option<string?>, string>(option => arguments.GetValue(option) is { } value ? [option.Name, value] : []);
            return host.RunAsync(InstalledProgram.Cas, arguments, arguments.GetValue(recover) ? [.. more, "--mode", "recover"] : more, terminal, cancellation);
        });
        return start;
    }

    private static Command CreateCopyKey()
    {
        var address = AddressArgument();
        var host = new HostOptions("cas");
        var copy = new Command("copy-key", "Have a CAS give its store's key to the enclave on this machine, which then can open copies of the database: a backup.") { address };
        host.AddTo(copy);
        copy.Runs((arguments, terminal, cancellation) =>
            host.RunAsync(InstalledProgram.Cas, arguments, ["--mode", "key-only", "--join", arguments.GetRequiredValue(address).ToString()], terminal, cancellation));
        return copy;
    }

    private static Command CreateClaim()
    {
        var owners = new Option<string[]>("--owner") { Description = "An owner's public key, as 'key show' prints it; may be given again. Yours is one of them.", Required = true, HelpName = "PUBLIC-KEY" };
        var threshold = new Option<int>("--threshold") { Description = "How many owners recover the store together.", Required = true, HelpName = "COUNT" };
        var witness = new WitnessOptions();
        return Remote("claim", "Become the owners of a CAS that has none: so many of them together can recover its store.", [owners, threshold, .. witness.Options], async (client, arguments, terminal, cancellation) =>
        {
            var claim = new OwnersClaim(arguments.GetRequiredValue(owners), arguments.GetRequiredValue(threshold), witness.Read(arguments));
            var made = await client.ClaimAsync(claim, cancellation).ConfigureAwait(false);
            terminal.Show(Json(made), people => people.WriteLine($"claimed: {Words(made)}"));
            return ExitCode.Done;
        });
    }

    private static Command CreateRecover()
    {
        var address = AddressArgument();
        var key = new Option<string>("--key") { Description = "Your key, which decrypts your share.", Required = true, HelpName = "FILE" };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var recover = new Command("recover", "Verify a CAS that waits for its owners, and give it your share of its store's key.") { address, key };
        policy.AddTo(recover);
        recover.Runs(async (arguments, terminal, cancellation) =>
        {
            using var identity = IdentityKey.Load(arguments.GetRequiredValue(key));
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), null, TimeProvider.System, CliVerifier.Default);
            var description = await client.ReadRecoveryAsync(cancellation).ConfigureAwait(false);
            var share = description.Shares
                .Select(each => KeyShare.Decrypt(each, identity) is { } opened ? new OpenedShare(each.X, opened) : null)
                .FirstOrDefault(each => each is not null)
                ?? throw new CliException(ExitCode.Refused, "no-share", "none of the shares is yours", hint: "use the key that was named when the CAS was claimed, or its owners were changed");
            var progress = await client.SendShareAsync(share, cancellation).ConfigureAwait(false);
            terminal.Show(
                new JsonObject { ["given"] = progress.Given, ["threshold"] = progress.Threshold, ["done"] = progress.IsDone },
                people => people.WriteLine(progress.IsDone ? "recovered: the CAS has sealed its key; start it again" : $"given: {progress.Given} of {progress.Threshold} shares"));
            return ExitCode.Done;
        });
        return recover;
    }

    private static Command CreateProvisioning()
    {
        var address = AddressArgument();
        var output = new Option<string>("--output") { Description = "The file to write, PEM.", Required = true, HelpName = "FILE" };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var provisioning = new Command("provisioning", "Verify a CAS and write the certificate that clients of Gramine's secret provisioning trust it by.") { address, output };
        policy.AddTo(provisioning);
        provisioning.Runs(async (arguments, terminal, cancellation) =>
        {
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), null, TimeProvider.System, CliVerifier.Default);
            var path = arguments.GetRequiredValue(output);
            await File.WriteAllTextAsync(path, await client.ReadProvisioningCertificateAsync(cancellation).ConfigureAwait(false) + "\n", cancellation).ConfigureAwait(false);
            terminal.Show(new JsonObject { ["file"] = path }, people => people.WriteLine($"wrote {path}"));
            return ExitCode.Done;
        });
        return provisioning;
    }

    private static Command CreateAttest()
    {
        var address = AddressArgument();
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var attest = new Command("attest", "Verify the quote of a CAS against a policy, and show its owners; nothing is sent before.") { address };
        policy.AddTo(attest);
        attest.Runs(async (arguments, terminal, cancellation) =>
        {
            RaTlsPeer? verified = null;
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), null, TimeProvider.System, CliVerifier.Default, (peer, _) => verified = peer);
            var owners = await client.ReadOwnersAsync(cancellation).ConfigureAwait(false);
            var report = verified!.Quote.Report;
            terminal.Show(
                new JsonObject
                {
                    ["verified"] = true,
                    ["platform"] = Platforms.Name(verified.Quote.Platform),
                    ["mrEnclave"] = report.MrEnclave.ToString(),
                    ["mrSigner"] = report.MrSigner.ToString(),
                    ["isvProdId"] = report.IsvProdId,
                    ["isvSvn"] = report.IsvSvn,
                    ["debug"] = report.Attributes.Flags.HasFlag(AttributeFlags.Debug),
                    ["owners"] = Json(owners),
                },
                people => people.Write(new Grid().AddColumn().AddColumn()
                    .AddRow("verified", "yes: certificate chain, quoting enclave, key binding, signature, policy")
                    .AddRow("platform", Platforms.Explain(verified.Quote.Platform))
                    .AddRow("mrenclave", report.MrEnclave.ToString())
                    .AddRow("mrsigner", report.MrSigner.ToString())
                    .AddRow("isvprodid, isvsvn", string.Create(CultureInfo.InvariantCulture, $"{report.IsvProdId}, {report.IsvSvn}"))
                    .AddRow("owners", owners.Keys.Count == 0 ? "none: whoever claims it first has it; its store cannot be recovered" : $"{owners.Threshold} of {string.Join(", ", owners.Keys)}")
                    .AddRow("witness", Words(owners.Witness))));
            return ExitCode.Done;
        });
        return attest;
    }

    /// <summary>Owners for programs.</summary>
    public static JsonObject Json(OwnersDescription owners) =>
        new() { ["keys"] = new JsonArray([.. owners.Keys.Select(each => (JsonNode)each)]), ["threshold"] = owners.Threshold, ["hash"] = owners.Hash, ["witness"] = Json(owners.Witness) };

    /// <summary>Owners for people.</summary>
    public static string Words(OwnersDescription owners) => $"{owners.Threshold} of {string.Join(", ", owners.Keys)}; witness: {Words(owners.Witness)}";

    /// <summary>A witness for programs.</summary>
    public static JsonObject? Json(WitnessDescription? witness) => witness is null ? null : new() { ["address"] = witness.Address, ["session"] = witness.Session };

    /// <summary>A witness for people.</summary>
    public static string Words(WitnessDescription? witness) => witness is null ? "none" : $"{witness.Session} at {witness.Address}";
}
