using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>The page about running and owning a CAS.</summary>
public sealed partial class DocumentationTests
{
    [Fact]
    public async Task The_cas_page_works_from_start_to_end()
    {
        var known = new Dictionary<string, string>();
        var hasWatch = false;
        var commands = Commands("docs/how-to/cas.md").Select(command => Shell.Split(command)).ToList();
        Assert.True(commands.Count >= 15);
        var page = await File.ReadAllTextAsync(Repository.File("docs", "how-to", "cas.md"));
        string Shown(string start) => Yaml().Matches(page).Select(match => match.Groups[1].Value)
            .Single(text => text.StartsWith(start, StringComparison.Ordinal));
        var (watch, vault) = (Shown("name: watch"), Shown("name: vault"));
        await Shell.RunAllAsync(folder.Path, commands, (command, result) =>
        {
            switch (command[0], command[1])
            {
                case ("key", "create"):
                    known[Path.GetFileNameWithoutExtension(command[2]).ToUpperInvariant()] = PublicKey().Match(result.Output).Value;
                    folder.Write("shop.yaml", ShopSession(known.GetValueOrDefault("BOB", "NONE")));
                    folder.Write("vault.yaml", vault.Replace("BOB", known.GetValueOrDefault("BOB", "NONE"), StringComparison.Ordinal));
                    break;
                case ("cas", "attest"):
                    if (hasWatch)
                    {
                        known["WITNESS"] = Identity().Match(result.Output).Groups[1].Value;
                    }
                    folder.Write("watch.yaml", watch.Replace("MRENCLAVE", Hash().Match(result.Output).Value, StringComparison.Ordinal));
                    break;
                case ("session", "create") when command[2] == "watch.yaml":
                    hasWatch = true;
                    break;
                case ("session", "create") when command[2] == "shop.yaml":
                    known["HASH"] = Hash().Match(result.Output).Value;
                    folder.Write("next.yaml", $"predecessor: {known["HASH"]}\n{ShopSession(known["BOB"])}");
                    break;
            }
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
        Assert.Equal(2, commands.Count);
        GuardianProgram.Variables.Value = new Dictionary<string, string?>
        {
            ["GUARDIAN_KEY_PASSPHRASE_FILE"] = folder.File("passphrase.txt"),
        };
        await Shell.RunAllAsync(folder.Path, commands);
    }

    private static string ShopSession(string signer) => $$"""
        name: shop
        access_policy: {update: [{require-all: [CREATOR, {signer: {{signer}}}]}]}
        services:
          - name: web
            command: serve $$GUARDIAN::token$$
            attestation: [{mrenclave: [1111111111111111111111111111111111111111111111111111111111111111]}]
            platforms: [simulated]
        secrets:
          - {name: token, kind: ascii, size: 12}

        """;
}
