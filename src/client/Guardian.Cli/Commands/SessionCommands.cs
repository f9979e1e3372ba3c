using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.Cli.Sessions;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian session</c>: the policies a CAS keeps.</summary>
internal static class SessionCommands
{
    private static readonly Option<Uri> Cas = new("--cas") { Description = "The CAS, https://host:port.", Required = true, CustomParser = Addresses.Parse, HelpName = "ADDRESS" };
    private static readonly Option<string> Key = new("--key") { Description = "Your key, by which the CAS knows you.", Required = true, HelpName = "FILE" };
    private static readonly Option<string[]> Signatures = new("--signatures") { Description = "File of signatures by 'session sign', where the policy demands them; may be given again.", HelpName = "FILE" };

    public static Command Create()
    {
        var file = SessionDocumentFile.Argument();
        var name = new Argument<string>("NAME") { Description = "The session's name." };

        var check = new Command("check", "Show everything that is wrong with a session, and its hash.") { file };
        check.Runs((arguments, terminal) =>
        {
            var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
            return ShowHash(terminal, session.Name, session.Hash, "is a valid session");
        });

        return new Command("session", "Write the policies by which a CAS gives out secrets.")
        {
            check,
            CreateVerify(),
            CreateSign(),
            SessionDryRunCommand.Create(),
            Remote("create", "Create a session in a CAS.", file, async (client, path, signatures, terminal, cancellation) =>
            {
                var created = await client.CreateAsync(SessionDocumentFile.Load(path).Bytes, signatures, cancellation).ConfigureAwait(false);
                return ShowHash(terminal, created.Name, created.Hash, "is created");
            }),
            Remote("update", "Replace a session; its 'predecessor' must be the current hash.", file, async (client, path, signatures, terminal, cancellation) =>
            {
                var (session, bytes) = SessionDocumentFile.Load(path);
                var updated = await client.UpdateAsync(session.Name, bytes, signatures, cancellation).ConfigureAwait(false);
                return ShowHash(terminal, updated.Name, updated.Hash, "is updated");
            }),
            Remote("read", "Print a session as it was uploaded; generated secrets are never shown.", name, async (client, wanted, _, terminal, cancellation) =>
            {
                var read = await client.ReadAsync(wanted, cancellation).ConfigureAwait(false);
                terminal.Show(
                    new JsonObject { ["name"] = read.Name, ["hash"] = read.Hash, ["text"] = read.Text },
                    people => people.Write(new Text(read.Text)));
                return ExitCode.Done;
            }),
            Remote("list", "Print the names right below a session's.", name, async (client, wanted, _, terminal, cancellation) =>
            {
                var names = await client.ListAsync(wanted, cancellation).ConfigureAwait(false);
                terminal.Show(
                    new JsonObject { ["names"] = new JsonArray([.. names.Select(each => (JsonNode)each)]) },
                    people => people.Write(new Text(string.Concat(names.Select(each => each + "\n")))));
                return ExitCode.Done;
            }),
        };
    }

    private static Command CreateVerify()
    {
        var file = SessionDocumentFile.Argument();
        var hash = new Argument<string>("HASH") { Description = "The hash that a CAS, a contract or another person names." };
        var verify = new Command("verify", "Say whether a session is the one with a hash; needs no CAS.") { file, hash };
        verify.Runs((arguments, terminal) =>
        {
            var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
            return session.Hash == arguments.GetRequiredValue(hash)
                ? ShowHash(terminal, session.Name, session.Hash, "is the session with that hash")
                : throw new CliException(ExitCode.Refused, "other-session", $"{arguments.GetRequiredValue(file)} is another session: its hash is {session.Hash}");
        });
        return verify;
    }

    private static Command CreateSign()
    {
        var file = SessionDocumentFile.Argument();
        var output = new Option<string?>("--output") { Description = "File that the signature is added to; without it, it is printed.", HelpName = "FILE" };
        var sign = new Command("sign", "Sign a session: consent to exactly this update.") { file, Key, output };
        sign.Runs((arguments, terminal) =>
        {
            var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
            using var key = IdentityKey.Load(arguments.GetRequiredValue(Key));
            var signature = SessionSignature.Create(session.Hash, key);
            if (arguments.GetValue(output) is { } path)
            {
                File.AppendAllText(path, $"{signature}\n");
            }
            terminal.Show(
                new JsonObject { ["name"] = session.Name, ["hash"] = session.Hash, ["key"] = signature.Key, ["signature"] = signature.Signature },
                people => people.Write(new Text(arguments.GetValue(output) is null ? $"{signature}\n" : $"{session.Name} is signed\nhash {session.Hash}\n")));
            return ExitCode.Done;
        });
        return sign;
    }

    private static Command Remote(
        string verb, string description, Argument<string> subject, Func<CasClient, string, IReadOnlyList<SessionSignature>, Terminal, CancellationToken, Task<int>> work)
    {
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var command = new Command(verb, description) { subject, Cas, Key };
        if (verb is "create" or "update")
        {
            command.Options.Add(Signatures);
        }
        policy.AddTo(command);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var key = IdentityKey.Load(arguments.GetRequiredValue(Key));
            using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
            using var client = new CasClient(arguments.GetRequiredValue(Cas), policy.Read(arguments), certificate, TimeProvider.System, CliVerifier.Default);
            return await work(client, arguments.GetRequiredValue(subject), ReadSignatures(arguments.GetValue(Signatures), "guardian session sign"), terminal, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Reads files of signatures.</summary>
    /// <param name="command">What makes them.</param>
    /// <exception cref="CliException">A line is none.</exception>
    public static List<SessionSignature> ReadSignatures(string[]? paths, string command) =>
    [
        .. (paths ?? []).SelectMany(path => File.ReadLines(path).Where(line => line.Length > 0).Select(line => SessionSignature.TryRead(line, out var signature)
            ? signature
            : throw new CliException(ExitCode.Usage, "bad-signature", $"{path} holds no signatures, a line each", hint: $"make them with: {command} FILE --key KEY --output SIGNATURES"))),
    ];

    private static int ShowHash(Terminal terminal, string name, string hash, string what)
    {
        terminal.Show(new JsonObject { ["name"] = name, ["hash"] = hash }, people => people.WriteLine($"{name} {what}\nhash {hash}"));
        return ExitCode.Done;
    }
}
