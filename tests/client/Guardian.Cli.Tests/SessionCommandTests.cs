using System.Security.Cryptography;
using Guardian.Attestation.Launch;

namespace Guardian.Cli.Tests;

/// <summary>Sessions are drafted, filled, compared and translated on the command line, with short commands.</summary>
[Trait("Starts", "processes")]
public sealed class SessionCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_session_is_drafted_filled_created_and_updated_with_short_commands()
    {
        await File.WriteAllBytesAsync(folder.File("visits.wasm"), "\0asm\u0001\0\0\0"u8.ToArray());
        var digest = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(folder.File("visits.wasm"))));
        var runtime = EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime")).ToString();
        (await RunAsync("key", "create", "alice.pem")).Ends(0);
        (await RunAsync("session", "init", "visits.wasm", "--platform", "simulated")).Ends(0);
        (await RunAsync("session", "check", "session.yaml")).Ends(0);
        var draft = await File.ReadAllTextAsync(folder.File("session.yaml"));
        Assert.Contains(digest, draft, StringComparison.Ordinal);
        Assert.Contains(runtime, draft, StringComparison.Ordinal);
        (await RunAsync("session", "init", "visits.wasm")).Ends(2).Says("already exists");
        folder.Write("no.wasm", "text");
        (await RunAsync("session", "init", "no.wasm", "--output", "no.yaml")).Ends(2).Says("no WebAssembly program");

        folder.Write("next.yaml", draft.Replace(digest, "./visits.wasm", StringComparison.Ordinal)
            .Replace(runtime, "guardian-runtime", StringComparison.Ordinal)
            .Replace("[CREATOR], update", "[ANY], update", StringComparison.Ordinal));
        (await RunAsync("session", "check", "next.yaml")).Ends(2).Says("guardian session fill next.yaml");
        (await RunAsync("session", "fill", "next.yaml", "--predecessor")).Ends(2).Says("--key is missing");
        (await RunAsync("session", "create", "session.yaml", "--key", "alice.pem")).Ends(2).Says("--cas is missing");

        var port = ReservedPort.Reserve();
        using var cas = await GuardianProgram.ServeAsync(
            folder.Path, "Guardian.Cli", "guardian", "cas", "start", "--listen", $"127.0.0.1:{port}", "--owner", "alice.pem");
        folder.Write("environment", $"GUARDIAN_CAS=127.0.0.1:{port}\nGUARDIAN_KEY=alice.pem\nGUARDIAN_PLATFORM=simulated\n");
        (await RunAsync("cas", "attest")).Ends(0).Says($"the CAS is https://127.0.0.1:{port}, from GUARDIAN_CAS")
            .Says("simulated platforms are accepted, which protect nothing, from GUARDIAN_PLATFORM");
        // An option precedes the environment.
        Assert.DoesNotContain(
            "GUARDIAN_PLATFORM", (await RunAsync("cas", "attest", "--platform", "hardware")).Ends(1).Error, StringComparison.Ordinal);
        var created = (string)(await RunAsync("session", "create", "session.yaml", "--json")).Ends(0).Json["hash"]!;

        var difference = (await RunAsync("session", "diff", "next.yaml", "--json")).Ends(2).Error;
        Assert.Contains("guardian session fill", difference, StringComparison.Ordinal);
        var filled = (await RunAsync("session", "fill", "next.yaml", "--predecessor", "--json")).Ends(0).Json;
        Assert.Equal(3, filled["values"]!.AsArray().Count);
        Assert.Contains($"predecessor: {created}\n", await File.ReadAllTextAsync(folder.File("next.yaml")), StringComparison.Ordinal);
        var words = (await RunAsync("session", "diff", "next.yaml")).Ends(0).Output;
        Assert.Contains("+ everybody alone may read the session now", words, StringComparison.Ordinal);
        Assert.DoesNotContain("predecessor", words, StringComparison.Ordinal);
        (await RunAsync("session", "update", "next.yaml")).Ends(0);
        Assert.Contains("is the same text", (await RunAsync("session", "diff", "next.yaml")).Ends(0).Output, StringComparison.Ordinal);

        // The name 'default' of a trusted CAS is meant when nothing is given.
        folder.Write("environment", "GUARDIAN_KEY=alice.pem\n");
        (await RunAsync("session", "read", "visits")).Ends(2).Says("--cas is missing");
        (await RunAsync("cas", "trust", "default", $"127.0.0.1:{port}", "--platform", "simulated")).Ends(0);
        (await RunAsync("session", "read", "visits")).Ends(0).Says("trusted as 'default'");
        // A name keeps the platforms that its user accepted, whatever the environment says.
        (await RunAsync("cas", "trust", "hard", $"127.0.0.1:{port}", "--platform", "simulated")).Ends(0);
        var file = folder.File(".config/guardian/cas/hard.json");
        await File.WriteAllTextAsync(
            file, (await File.ReadAllTextAsync(file)).Replace("simulated", "hardware", StringComparison.Ordinal));
        folder.Write("environment", "GUARDIAN_KEY=alice.pem\nGUARDIAN_CAS=hard\nGUARDIAN_PLATFORM=simulated\n");
        (await RunAsync("session", "read", "visits")).Ends(1);
        folder.Write("environment", "GUARDIAN_CAS=nowhere\n");
        (await RunAsync("cas", "attest")).Ends(2).Says("GUARDIAN_CAS: no CAS is trusted as 'nowhere'");
        folder.Write("environment", $"GUARDIAN_CAS=127.0.0.1:{port}\nGUARDIAN_PLATFORM=any\n");
        (await RunAsync("cas", "attest")).Ends(2).Says("GUARDIAN_PLATFORM is hardware or simulated, not 'any'");
    }

    [Fact]
    public async Task Variables_get_their_values_and_the_hash_is_of_the_final_text()
    {
        const string template = "name: $NAME\naccess_policy: {create_sessions: [CREATOR]}\n";
        folder.Write("template.yaml", template);
        var final = template.Replace("$NAME", "team", StringComparison.Ordinal);
        var hash = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(final)));
        (await RunAsync("session", "check", "template.yaml", "--use-env")).Ends(2).Says("variable NAME is not defined");
        (await RunAsync("session", "check", "template.yaml", "-e", "NAME")).Ends(2).Says("NAME=VALUE");
        foreach (var command in new[] { "check", "sign" })
        {
            (await RunAsync("key", "create", $"{command}.pem")).Ends(0);
            string[] key = command == "sign" ? ["--key", "sign.pem"] : [];
            Assert.Equal(
                hash,
                (string)(await RunAsync(["session", command, "template.yaml", "-e", "NAME=team", .. key, "--json"])).Ends(0).Json["hash"]!);
        }
        folder.Write("environment", "NAME=team\n");
        (await RunAsync("session", "verify", "template.yaml", hash, "--use-env")).Ends(0);
        (await RunAsync("session", "fill", "template.yaml", "--use-env", "--output", "final.yaml")).Ends(0);
        Assert.Equal(final, await File.ReadAllTextAsync(folder.File("final.yaml")));
        Assert.Equal(template, await File.ReadAllTextAsync(folder.File("template.yaml")));
    }

    [Fact]
    public async Task A_session_of_SCONE_is_recognised_translated_and_explained()
    {
        folder.Write("scone.yaml", """
            name: scone-forms
            version: "0.3.10"
            security:
              attestation:
                mode: none
                tolerate: [insecure-igpu]
                ignore_advisories: "*"
            services:
              - name: s
                mrenclaves: [1111111111111111111111111111111111111111111111111111111111111111]
                command: x
            secrets:
              - {name: k, kind: private-key, migrate: true}

            """);
        var refused = (await RunAsync("session", "check", "scone.yaml")).Ends(2).Says("guardian session from-scone scone.yaml");
        foreach (var line in new[] { "2:", "5:", "6:", "7:", "10:", "13:" })
        {
            Assert.Contains($"scone.yaml:{line}", refused.Error, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("is not known here", refused.Error, StringComparison.Ordinal);
        (await RunAsync("session", "from-scone", "scone.yaml", "--output", "here.yaml")).Ends(0).Says("scone.yaml:5: UNSAFE");
        (await RunAsync("session", "check", "here.yaml")).Ends(0);

        folder.Write("host.yaml", """
            name: hostargs
            services:
              - name: s
                command: [x, "@@1"]
                environment: {ZONE: "@@TZ"}
                attestation: [{mrenclave: [1111111111111111111111111111111111111111111111111111111111111111]}]

            """);
        (await RunAsync("session", "check", "host.yaml")).Ends(2).Says("host: {arguments: COUNT}").Says("host: {environment: [TZ]}");
        (await RunAsync("session", "from-scone", "host.yaml")).Ends(0);

        folder.Write(
            "open.yaml", "name: open\nservices:\n  - {name: s, image_name: i}\nimages:\n  - {name: i, injection_files: [/etc/x]}\n");
        var open = (await RunAsync("session", "from-scone", "open.yaml", "--json")).Ends(1).Json;
        Assert.False((bool)open["valid"]!);
        Assert.Contains(open["notes"]!.AsArray(), note => (string)note!["change"]! == "decide");
    }

    private Task<Result> RunAsync(params string[] arguments) => GuardianProgram.RunAsync(folder.Path, arguments);
}
