using System.Text.RegularExpressions;
using Guardian.Attestation.Launch;
using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>The pages about a CAS and its sessions.</summary>
public sealed partial class DocumentationTests
{
    private const string CasPage = "docs/how-to/cas.md";
    private const string SessionsPage = "docs/how-to/sessions.md";

    [Fact]
    public async Task The_cas_page_works_from_start_to_end()
    {
        var known = new Dictionary<string, string>();
        var (hasWatch, used) = (false, new HashSet<string>());
        var commands = Commands(CasPage).Select(command => Shell.Split(command)).ToList();
        Assert.True(commands.Count >= 15);
        await Shell.RunAllAsync(folder.Path, commands, (command, result) =>
        {
            used.UnionWith(command);
            switch (command[0], command[1])
            {
                case ("key", "create"):
                    known[Path.GetFileNameWithoutExtension(command[2]).ToUpperInvariant()] = PublicKey().Match(result.Output).Value;
                    break;
                case ("cas", "attest"):
                    known["MRENCLAVE"] = Hash().Match(result.Output).Value;
                    known[hasWatch ? "WITNESS" : "IDENTITY"] = Identity().Match(result.Output).Groups[1].Value;
                    break;
                case ("session", "create"):
                    known["HASH"] = Hash().Match(result.Output).Value;
                    hasWatch = command[2] == "watch.yaml";
                    break;
            }
            // The words in capitals stand for what earlier commands printed.
            WriteFiles(CasPage, used, known);
            foreach (var next in commands)
            {
                for (var i = 0; i < next.Length; i++)
                {
                    next[i] = known.GetValueOrDefault(next[i], next[i]);
                }
            }
        });
    }

    [Fact]
    public async Task The_page_about_keys_works_from_start_to_end()
    {
        folder.Write("passphrase.txt", "correct horse battery staple\n");
        // SoftHSM is not everywhere: ProtectedKeyTests runs the commands with tokens.
        var commands = Commands("docs/how-to/keys.md").Where(command => !command.Contains("pkcs11:", StringComparison.Ordinal))
            .Select(command => Shell.Split(command)).ToList();
        Assert.Equal(3, commands.Count);
        GuardianProgram.Variables.Value = new Dictionary<string, string?>
        {
            ["GUARDIAN_KEY_PASSPHRASE_FILE"] = folder.File("passphrase.txt"),
        };
        await Shell.RunAllAsync(folder.Path, commands);
    }

    [Fact]
    public async Task The_sessions_page_works_from_start_to_end()
    {
        await File.WriteAllBytesAsync(folder.File("visits.wasm"), "\0asm\u0001\0\0\0"u8.ToArray());
        var commands = Commands(SessionsPage).Select(command => Shell.Split(command)).ToList();
        Assert.True(commands.Count >= 9);
        WriteFiles(SessionsPage, [], []);
        await Shell.RunAllAsync(folder.Path, commands, (command, result) =>
        {
            if (command is ["session", "from-scone", ..])
            {
                Assert.Contains("from-scone, UNSAFE", File.ReadAllText(folder.File(command[^1])), StringComparison.Ordinal);
            }
        });
    }

    [Fact]
    public async Task The_install_page_works_with_the_command_line_alone()
    {
        var alone = GuardianProgram.MakeBuild("Guardian.Cli", folder.File("alone"));
        var measurement = EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Cas")).ToString();
        (await GuardianProgram.RunAsync(folder.Path, "key", "create", "alice.pem")).Ends(0);
        var address = $"127.0.0.1:{ReservedPort.Reserve()}";
        using var cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", "cas", "start", "--listen", address, "--owner", "alice.pem");
        var commands = Commands("docs/how-to/install.md").ToList();
        Assert.Equal(3, commands.Count);
        foreach (var command in commands)
        {
            var words = Shell.Split(command.Replace("MRENCLAVE", measurement, StringComparison.Ordinal)
                .Replace("127.0.0.1:8443", address, StringComparison.Ordinal));
            (await GuardianProgram.RunBuildAsync(folder.Path, alone, words)).Ends(0);
        }
        (await GuardianProgram.RunBuildAsync(folder.Path, alone, "enclave", "measure")).Ends(3).Says("not installed");
        (await GuardianProgram.RunBuildAsync(folder.Path, alone, "cas", "start")).Ends(3).Says("guardian-cas is not installed");
        folder.Write("team.yaml", "name: team\naccess_policy: {create_sessions: [CREATOR]}\n");
        (await GuardianProgram.RunBuildAsync(folder.Path, alone, "session", "create", "team.yaml", "--key", "alice.pem")).Ends(0);
    }

    // Files that no command has used yet are written again with everything that is known.
    private void WriteFiles(string page, HashSet<string> used, Dictionary<string, string> known)
    {
        foreach (var (name, text) in FilesOf(page).Where(file => !used.Contains(file.Key)))
        {
            folder.Write(name, Capitals().Replace(text, word => known.GetValueOrDefault(word.Value, word.Value)));
        }
    }

    [GeneratedRegex(@"\b[A-Z]{3,}\b")]
    private static partial Regex Capitals();
}
