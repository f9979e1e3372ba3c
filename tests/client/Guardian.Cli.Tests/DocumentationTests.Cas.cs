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
        var watch = Yaml().Match(await File.ReadAllTextAsync(Repository.File("docs", "how-to", "cas.md"))).Groups[1].Value;
        await Shell.RunAllAsync(folder.Path, commands, (command, result) =>
        {
            switch (command[0], command[1])
            {
                case ("key", "create"):
                    known[Path.GetFileNameWithoutExtension(command[2]).ToUpperInvariant()] = PublicKey().Match(result.Output).Value;
                    folder.Write("shop.yaml", ShopSession(known.GetValueOrDefault("BOB", "NONE")));
                    break;
                case ("cas", "attest"):
                    known[hasWatch ? "WITNESS" : "IDENTITY"] = Identity().Match(result.Output).Groups[1].Value;
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
