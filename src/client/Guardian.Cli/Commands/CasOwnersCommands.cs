using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian cas owners</c>: have other people take the place of a CAS's owners, who agree to it.</summary>
internal static class CasOwnersCommands
{
    private static readonly Argument<string> Proposal = new("FILE") { Description = "The change, as 'cas owners propose' wrote it." };

    public static Command Create() =>
        new("owners", "Have other people take the place of a CAS's owners, when as many of these agree as recover its store.") { CreatePropose(), CreateSign(), CreateChange() };

    private static Command CreatePropose()
    {
        var address = CasCommands.AddressArgument();
        var owners = new Option<string[]>("--owner") { Description = "The public key of an owner from then on, as 'key show' prints it; may be given again. Who is not named is none any more.", Required = true, HelpName = "PUBLIC-KEY" };
        var threshold = new Option<int>("--threshold") { Description = "How many of them recover the store together.", Required = true, HelpName = "COUNT" };
        var output = new Option<string>("--output") { Description = "The file to write, for the present owners to sign.", Required = true, HelpName = "FILE" };
        var witness = new WitnessOptions();
        var none = new Option<bool>("--no-witness") { Description = "Have no witness from then on; without this and without --witness, the present one stays." };
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var propose = new Command("propose", "Verify a CAS and write down a change of its owners.") { address, owners, threshold, output, none };
        foreach (var option in witness.Options)
        {
            propose.Options.Add(option);
        }
        policy.AddTo(propose);
        propose.Runs(async (arguments, terminal, cancellation) =>
        {
            using var client = new CasClient(arguments.GetRequiredValue(address), policy.Read(arguments), null, TimeProvider.System, CliVerifier.Default);
            var present = await client.ReadOwnersAsync(cancellation).ConfigureAwait(false);
            var hash = present.Hash ?? throw new CliException(ExitCode.Refused, "not-owned", "nobody owns this CAS yet", hint: "claim it: guardian cas claim");
            var change = new OwnersChange(hash, arguments.GetRequiredValue(owners), arguments.GetRequiredValue(threshold), arguments.GetValue(none) ? null : witness.Read(arguments) ?? present.Witness);
            var path = arguments.GetRequiredValue(output);
            await File.WriteAllBytesAsync(path, change.ToBytes(), cancellation).ConfigureAwait(false);
            terminal.Show(
                new JsonObject { ["file"] = path, ["owners"] = CasCommands.Json(present), ["witness"] = CasCommands.Json(change.Witness) },
                people => people.WriteLine($"wrote {path}: {present.Threshold} of the present owners must agree, who are {string.Join(", ", present.Keys)}; witness from then on: {CasCommands.Words(change.Witness)}"));
            return ExitCode.Done;
        });
        return propose;
    }

    private static Command CreateSign()
    {
        var key = new Option<string>("--key") { Description = "Your key, an owner's.", Required = true, HelpName = "FILE" };
        var output = new Option<string?>("--output") { Description = "File that the signature is added to; without it, it is printed.", HelpName = "FILE" };
        var sign = new Command("sign", "Sign a change of owners, after reading who they will be: consent to exactly this one.") { Proposal, key, output };
        sign.Runs((arguments, terminal) =>
        {
            var (change, bytes) = Load(arguments.GetRequiredValue(Proposal));
            using var identity = IdentityKey.Load(arguments.GetRequiredValue(key));
            var signature = SessionSignature.Create(Convert.ToHexStringLower(SHA256.HashData(bytes)), identity, SignatureSubject.Owners);
            if (arguments.GetValue(output) is { } path)
            {
                File.AppendAllText(path, $"{signature}\n");
            }
            terminal.Show(
                new JsonObject { ["threshold"] = change.Threshold, ["owners"] = new JsonArray([.. change.Keys.Select(each => (JsonNode)each)]), ["witness"] = CasCommands.Json(change.Witness), ["key"] = signature.Key, ["signature"] = signature.Signature },
                people => people.Write(new Text(arguments.GetValue(output) is null ? $"{signature}\n" : $"signed: {change.Threshold} of\n{string.Concat(change.Keys.Select(each => $"  {each}\n"))}witness: {CasCommands.Words(change.Witness)}\n")));
            return ExitCode.Done;
        });
        return sign;
    }

    private static Command CreateChange()
    {
        var signatures = new Option<string[]>("--signatures") { Description = "File of signatures by 'cas owners sign'; may be given again. Your own key counts without.", HelpName = "FILE" };
        var change = CasCommands.Remote("change", "Have a CAS change its owners.", [signatures], async (client, arguments, terminal, cancellation) =>
        {
            var (_, bytes) = Load(arguments.GetRequiredValue(Proposal));
            var made = await client.ChangeOwnersAsync(bytes, SessionCommands.ReadSignatures(arguments.GetValue(signatures), "guardian cas owners sign"), cancellation).ConfigureAwait(false);
            terminal.Show(CasCommands.Json(made), people => people.WriteLine($"changed: {CasCommands.Words(made)}"));
            return ExitCode.Done;
        });
        change.Arguments.Add(Proposal);
        return change;
    }

    private static (OwnersChange Change, byte[] Bytes) Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        return OwnersChange.TryRead(bytes) is { } change
            ? (change, bytes)
            : throw new CliException(
                ExitCode.Usage, "bad-change", $"{path} is not a change of owners", hint: "write one with: guardian cas owners propose");
    }
}
