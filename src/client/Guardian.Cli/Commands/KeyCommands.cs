using System.CommandLine;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian key</c>: the key by which a member of a room, or the creator of a session, is known.</summary>
internal static class KeyCommands
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The private key's file, PEM." };

        var create = new Command("create", "Make a key, readable by you alone, and print its public half.") { file };
        create.Runs((arguments, terminal) =>
        {
            using var key = IdentityKey.Create();
            key.Save(arguments.GetRequiredValue(file));
            return Show(key, terminal);
        });

        var show = new Command("show", "Print the public half of a key: what others need from you.") { file };
        show.Runs((arguments, terminal) =>
        {
            using var key = IdentityKey.Load(arguments.GetRequiredValue(file));
            return Show(key, terminal);
        });

        return new Command("key", "Make and show the keys by which people are known.") { create, show };
    }

    private static int Show(IdentityKey key, Terminal terminal)
    {
        terminal.Show(new JsonObject { ["publicKey"] = key.PublicKey }, people => people.WriteLine(key.PublicKey));
        return ExitCode.Done;
    }
}
