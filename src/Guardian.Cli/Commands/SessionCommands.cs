using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Attestation;
using Guardian.Cas;
using Guardian.Cas.Client;
using Guardian.Documents;
using Spectre.Console;

namespace Guardian.Cli;

/// <summary><c>guardian session</c>: the policies a CAS keeps.</summary>
internal static class SessionCommands
{
    private static readonly Option<Uri> Cas = new("--cas") { Description = "The CAS, https://host:port.", Required = true, CustomParser = Addresses.Parse, HelpName = "ADDRESS" };
    private static readonly Option<string> Key = new("--key") { Description = "Your key; the session's creator alone may read and change it.", Required = true, HelpName = "FILE" };

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The session, YAML (docs/spec/session.md)." };
        var name = new Argument<string>("NAME") { Description = "The session's name." };

        var check = new Command("check", "Show everything that is wrong with a session, and its hash.") { file };
        check.Runs((arguments, terminal) =>
        {
            var (session, _) = Load(arguments.GetRequiredValue(file));
            return ShowHash(terminal, session.Name, session.Hash, "is a valid session");
        });

        return new Command("session", "Write the policies by which a CAS gives out secrets.")
        {
            check,
            Remote("create", "Create a session in a CAS.", file, async (client, path, terminal, cancellation) =>
            {
                var created = await client.CreateAsync(Load(path).Bytes, cancellation: cancellation).ConfigureAwait(false);
                return ShowHash(terminal, created.Name, created.Hash, "is created");
            }),
            Remote("update", "Replace a session; its 'predecessor' must be the current hash.", file, async (client, path, terminal, cancellation) =>
            {
                var updated = await client.UpdateAsync(Load(path).Session.Name, Load(path).Bytes, cancellation: cancellation).ConfigureAwait(false);
                return ShowHash(terminal, updated.Name, updated.Hash, "is updated");
            }),
            Remote("read", "Print a session as it was uploaded; generated secrets are never shown.", name, async (client, wanted, terminal, cancellation) =>
            {
                var read = await client.ReadAsync(wanted, cancellation).ConfigureAwait(false);
                terminal.Show(
                    new JsonObject { ["name"] = read.Name, ["hash"] = read.Hash, ["text"] = read.Text },
                    people => people.Write(new Text(read.Text)));
                return ExitCode.Done;
            }),
        };
    }

    private static Command Remote(
        string verb, string description, Argument<string> subject, Func<CasClient, string, Terminal, CancellationToken, Task<int>> work)
    {
        var policy = new PolicyOptions(InstalledProgram.Cas);
        var command = new Command(verb, description) { subject, Cas, Key };
        policy.AddTo(command);
        command.Runs(async (arguments, terminal, cancellation) =>
        {
            using var key = IdentityKey.Load(arguments.GetRequiredValue(Key));
            using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
            using var client = new CasClient(arguments.GetRequiredValue(Cas), policy.Read(arguments), certificate, TimeProvider.System, collateral: CollateralCommands.Store(null));
            return await work(client, arguments.GetRequiredValue(subject), terminal, cancellation).ConfigureAwait(false);
        });
        return command;
    }

    private static (SessionDocument Session, byte[] Bytes) Load(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var problems = new DocumentProblems();
        return SessionDocument.Read(bytes, problems) is { } session && !problems.Any
            ? (session, bytes)
            : throw new CliException(ExitCode.Usage, "bad-session", $"{path} is no valid session", [.. problems.Items.Select(problem => $"{path}:{problem}")]);
    }

    private static int ShowHash(Terminal terminal, string name, string hash, string what)
    {
        terminal.Show(new JsonObject { ["name"] = name, ["hash"] = hash }, people => people.WriteLine($"{name} {what}\nhash {hash}"));
        return ExitCode.Done;
    }
}
