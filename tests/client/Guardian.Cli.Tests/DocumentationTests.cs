using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Guardian.Attestation.Launch;
using Guardian.Cli.Tests.Support;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>Runs everything that the documentation shows.</summary>
[Trait("Starts", "processes")]
public sealed partial class DocumentationTests : IDisposable
{
    private const string VisitsCommand = "run --insecure-no-attestation --dir data::/data visits.wasm Ada";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_clean_room_page_works_from_start_to_end()
    {
        folder.Write("campaign.csv",
            "email,arm,exposed\n"
            + string.Concat(Enumerable.Range(0, 3_000).Select(i => $"p{i}@example.com,{(i % 2 == 0 ? "Treatment" : "Control")},1\n")));
        folder.Write("customers.csv",
            "email,region,visit,spend\n"
            + string.Concat(
            Enumerable.Range(1_000, 3_000).Select(i => $"p{i}@example.com,{(i % 3 == 0 ? "North" : "South")},{i % 2},75.50\n")));
        // Some who are no customers and not all who are, so that no two questions are about nearly the same persons; three events each.
        var buyers = Enumerable.Range(0, 600).Concat(Enumerable.Range(1_400, 2_600)).ToList();
        folder.Write("purchases.csv", "email,paid_at,amount,status\n" + string.Concat(Enumerable.Range(0, 3 * buyers.Count).Select(i =>
            $"p{buyers[i % buyers.Count]}@example.com,2026-03-{1 + (i % 31):D2} 18:30:00,199.00,{(i % 7 == 0 ? "open" : "paid")}\n")));
        folder.Write("changed.csv",
            "email,region,visit,spend\n" + string.Concat(Enumerable.Range(3_900, 300).Select(i => $"p{i}@example.com,North,1,30\n")));
        folder.Write("left.csv", "email\n" + string.Concat(Enumerable.Range(1_000, 200).Select(i => $"p{i}@example.com\n")));
        var lift = Yaml().Match(await File.ReadAllTextAsync(Repository.File("docs", "tutorials", "clean-room.md"))).Groups[1].Value;
        var commands = Commands("docs/tutorials/clean-room.md").Select(command => Shell.Split(command)).ToList();
        Assert.True(commands.Count >= 15);
        // The page promises the first answer after ten commands.
        Assert.Equal("ask", commands[9][1]);
        await Shell.RunAllAsync(folder.Path, commands, (command, _) =>
        {
            // The edits that the page asks for.
            switch (command[0], command[1])
            {
                case ("room", "draft"):
                    var draft = command[^1];
                    folder.Write(draft, File.ReadAllText(folder.File(draft))
                        .Replace("zone: DECIDE", "zone: UTC", StringComparison.Ordinal)
                        .Replace(": DECIDE", ": true", StringComparison.Ordinal)
                        .Replace("# max_changes", "max_changes", StringComparison.Ordinal));
                    break;
                case ("room", "create"):
                    folder.Write("room.yaml", File.ReadAllText(folder.File("room.yaml"))
                        .Replace("analyses:\n", "analyses:\n" + lift, StringComparison.Ordinal));
                    break;
            }
        });
    }

    [Fact]
    public async Task The_commands_about_several_identifiers_work()
    {
        folder.Write("customers.csv", "email,phone,first_name,last_name,birth_date,postcode,visit\n" + string.Concat(Enumerable.Range(0, 90)
            .Select(i => $"{(i < 60 ? $"p{i}@example.com" : "")},+4930901821{10 + i},Ann{i},Example,1985-02-{1 + (i % 28):D2},10115,1\n")));
        var commands = Commands("docs/how-to/match-persons.md").Select(command => Shell.Split(command)).ToList();
        Assert.Equal(["diagnose", "draft"], commands.Select(command => command[1]));
        await Shell.RunAllAsync(folder.Path, commands, (_, _) => { });
        var draft = await File.ReadAllTextAsync(folder.File("retailer.yaml"), TestContext.Current.CancellationToken);
        Assert.Equal(3, draft.Split('\n').Count(line => line.StartsWith("      - {kind: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_attestation_page_works_from_start_to_end()
    {
        Copy("tdx4-uptodate", "quote.bin", "collateral");
        Copy("sgx3-processor-cfg-and-swh", "enclave.bin", "enclave-collateral");
        File.Copy(Repository.File("tests", "vectors", "sgx", "synth_sdk_a.signed.so"), folder.File("enclave.signed.so"));
        var quote = await File.ReadAllBytesAsync(folder.File("quote.bin"));
        await File.WriteAllBytesAsync(
            folder.File("report.bin"), [1, 0, 0, 0, 2, 0, 0, 0, .. BitConverter.GetBytes((ulong)quote.Length), .. quote]);
        File.Copy(Repository.File("tests", "vectors", "snp", "milan-v3-vcek-hostdata", "report.bin"), folder.File("snp-report.bin"));
        Directory.CreateDirectory(folder.File("amd"));
        foreach (var (file, name) in new[]
        {
            ("milan-v3-vcek-hostdata/leaf.der", "vcek.der"), ("milan-v3-vcek-hostdata/chain.pem", "chain.pem"), (
                "crl/milan.der", "crl.der"),
        })
        {
            File.Copy(Repository.File("tests", "vectors", "snp", file), folder.File(Path.Combine("amd", name)));
        }
        foreach (var file in new[] { "token.jwt", "jwks.json" })
        {
            File.Copy(Repository.File("tests", "vectors", "envelopes", "maa-sgx-runtime-data", file), folder.File(file));
        }
        var page = await File.ReadAllTextAsync(Repository.File("docs", "how-to", "attestation.md"));
        folder.Write("policy.yaml", Yaml().Match(page).Groups[1].Value);
        using var service = new CollateralStub(
            Guardian.Attestation.Collateral.CollateralFiles.Read(folder.File("collateral")).Value!, isCaching: true);
        var commands = Commands("docs/how-to/attestation.md")
            .Select(command => Shell.Split(command.Replace("https://pccs.example:8081/", service.Address, StringComparison.Ordinal)))
            // The recorded collateral is valid in 2025 only.
            .Select(words => words.Contains("fetch") ? [.. words, "--at", "2025-07-01T00:00:00Z"] : words)
            // Recorded evidence has no nonce of today; VerifierCommandTests runs this command with evidence of a simulated platform.
            .Where(words => !words.Contains("NONCE"))
            .ToList();
        Assert.True(commands.Count >= 14);
        await Shell.RunAllAsync(folder.Path, commands);
    }

    [Fact]
    public async Task The_ten_lines_on_the_attestation_page_are_a_program_that_works()
    {
        Assert.Contains(
            $"```csharp\n{await File.ReadAllTextAsync(Repository.File("samples", "verify-quote", "Program.cs"))}```",
            await File.ReadAllTextAsync(Repository.File("docs", "how-to", "attestation.md")), StringComparison.Ordinal);
        Copy("tdx4-uptodate", "quote.bin", "collateral");
        Assert.Equal(0, await RunSampleAsync("1751328000"));
        Assert.Equal(1, await RunSampleAsync("1"));
    }

    private async Task<int> RunSampleAsync(string at)
    {
        using var sample = Process.Start(
            "dotnet",
            [Path.Combine(GuardianProgram.FolderOf("VerifyQuote"), "VerifyQuote.dll"), folder.File("quote.bin"), folder.File("collateral"),
            at]);
        await sample.WaitForExitAsync();
        return sample.ExitCode;
    }

    private void Copy(string vector, string quote, string collateral)
    {
        Directory.CreateDirectory(folder.File(collateral));
        foreach (var file in Directory.GetFiles(Repository.File("tests", "vectors", "dcap", vector)))
        {
            File.Copy(file, Path.GetFileName(file) == "quote.bin"
                ? folder.File(quote)
                : Path.Combine(folder.File(collateral), Path.GetFileName(file)));
        }
    }

    [Fact]
    public async Task The_program_of_the_confidential_programs_page_counts_its_visits()
    {
        folder.Write("visits.c", FilesOf("docs/tutorials/confidential-programs.md")["visits.c"]);
        Assert.SkipUnless(await WasiToolchain.TryCompileAsync(folder.Path, "visits.c", "visits.wasm"),
            "clang with lld, wasi-libc and libclang-rt-dev-wasm32 is not installed");
        Directory.CreateDirectory(Path.Combine(folder.Path, "data"));
        for (var visits = 1; visits <= 2; visits++)
        {
            Assert.Equal($"{visits} visits\n", (await GuardianProgram.RunAsync(folder.Path, VisitsCommand.Split(' '))).Ends(0).Output);
        }
        Assert.Equal(
            "Ada\nAda\n", await File.ReadAllTextAsync(Path.Combine(folder.Path, "data", "visits"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_volumes_page_works_from_start_to_end()
    {
        folder.Write("report.txt", "a report");
        Directory.CreateDirectory(folder.File("pictures"));
        folder.Write("pictures/one.jpg", "a picture");
        var commands = Commands("docs/how-to/volumes.md").Select(command => Shell.Split(command)).ToList();
        Assert.True(commands.Count >= 7);
        await Shell.RunAllAsync(folder.Path, commands);
        Assert.Equal("a report", await File.ReadAllTextAsync(folder.File("copy.txt")));
    }

    [Fact]
    public async Task The_attested_part_of_the_confidential_programs_page_works_from_start_to_end()
    {
        // Any program that keeps something in /data does, so no toolchain is needed.
        var program = WasmEngine.Assemble(ConfidentialProgramTests.Note);
        await File.WriteAllBytesAsync(folder.File("visits.wasm"), program);
        folder.Write("session.yaml", FilesOf("docs/tutorials/confidential-programs.md")["session.yaml"]);
        // The command behind 'attach --' is looked up by the system.
        var commands = Commands("docs/tutorials/confidential-programs.md").Where(command => command != VisitsCommand)
            .Select(command =>
                Shell.Split(command.Replace(
                " -- guardian ", $" -- {string.Join(' ', GuardianProgram.Command("Guardian.Cli", "guardian"))} ",
                StringComparison.Ordinal))).ToList();
        Assert.True(commands.Count >= 7);
        await Shell.RunAllAsync(folder.Path, commands, (command, result) =>
        {
            switch (command[0])
            {
                case "attach":
                    Assert.Equal("Ada", result.Output);
                    break;
                case "session" when command[1] == "fill":
                    var filled = File.ReadAllText(folder.File("session.yaml"));
                    Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(program)), filled, StringComparison.Ordinal);
                    Assert.Contains(
                        EnclaveProcess.Measure(GuardianProgram.FolderOf("Guardian.Runtime")).ToString(), filled, StringComparison.Ordinal);
                    break;
            }
        });
    }

    [Fact]
    public void Every_other_command_in_the_documentation_is_one_that_tests_run()
    {
        string[] tested =
        [
            "./guardian demo", "./guardian demo --keep DIR", "./test", "./test libvirt", "./test native", "./test openstack",
            "./test languages", "./test portal", "./test quick", "./test samples", "./test systemd",
        ];
        // Each of these has a test of its own; the operator's page needs a cloud, and those about containers need Docker or Kubernetes.
        string[] pagesOfOtherTests =
        [
            "docs/tutorials/clean-room.md", "docs/tutorials/confidential-programs.md", "docs/how-to/attestation.md", "docs/how-to/cas.md",
            "docs/how-to/keys.md", "docs/how-to/match-persons.md", "docs/how-to/containers.md", "docs/how-to/container-runtime.md",
            "docs/how-to/bring-your-analysis.md", "docs/how-to/build-programs.md", "docs/how-to/gramine.md", "docs/how-to/kubernetes.md",
            "docs/how-to/kubernetes-rooms.md", "docs/how-to/kubernetes-sessions.md",
            "docs/how-to/install.md", "docs/how-to/operate.md", "docs/how-to/portal.md", "docs/how-to/quoting.md",
            "docs/how-to/sessions.md", "docs/how-to/tdx.md", "docs/how-to/volumes.md",
        ];
        foreach (var page in DocumentationLayoutTests.Pages().Select(page => Path.GetRelativePath(Repository.Root, page))
            .Except(pagesOfOtherTests))
        {
            Assert.All(Commands(page), command => Assert.Contains(command, tested));
        }
    }

    [Theory]
    [InlineData("docs/how-to/operate.md", 7, "openstack/helpers.sh")]
    [InlineData("docs/how-to/tdx.md", 2, "openstack/helpers.sh")]
    [InlineData("docs/how-to/build-programs.md", 3, "languages/programs")]
    [InlineData("docs/how-to/gramine.md", 4, "gramine/run")]
    [InlineData("docs/how-to/containers.md", 3, "docker/run")]
    [InlineData("docs/how-to/container-runtime.md", 2, "docker/run")]
    [InlineData("docs/how-to/kubernetes.md", 3, "kubernetes/run")]
    [InlineData("docs/how-to/kubernetes-rooms.md", 4, "kubernetes/room.sh")]
    [InlineData("docs/how-to/kubernetes-sessions.md", 2, "kubernetes/sessions.sh")]
    [InlineData("docs/how-to/portal.md", 3, "portal/run")]
    public async Task A_page_that_needs_servers_has_commands_that_exist_and_that_a_suite_runs(string page, int least, string suite)
    {
        var commands = Commands(page).Where(command => !command.StartsWith("./", StringComparison.Ordinal)
            && !command.StartsWith("export ", StringComparison.Ordinal)).ToList();
        Assert.True(commands.Count >= least);
        foreach (var command in commands)
        {
            // Behind '--' is the command of somebody else, and behind the program of 'run' its words.
            var words = Shell.Split(command).TakeWhile(word => word != "--").ToList();
            words.Insert(words[0] == "run" ? 1 : words.Count, "--help");
            (await GuardianProgram.RunAsync(folder.Path, [.. words])).Ends(0);
        }
        Assert.Contains(page, await File.ReadAllTextAsync(Repository.File("tests", suite)), StringComparison.Ordinal);
    }

    // Lines of code blocks that call guardian.
    private static IEnumerable<string> Commands(string page)
    {
        var isCode = false;
        foreach (var line in File.ReadLines(Repository.File(page)))
        {
            isCode ^= line.StartsWith("```", StringComparison.Ordinal);
            if (isCode && line.StartsWith("guardian ", StringComparison.Ordinal))
            {
                yield return line["guardian ".Length..];
            }
            else if (isCode && (line.StartsWith("./", StringComparison.Ordinal)
                || line.StartsWith("export GUARDIAN_", StringComparison.Ordinal)))
            {
                yield return line;
            }
        }
    }

    // Files that a page shows after their name: "Save this as `shop.yaml`:".
    private static Dictionary<string, string> FilesOf(string page) => NamedBlock().Matches(File.ReadAllText(Repository.File(page)))
        .ToDictionary(block => block.Groups["name"].Value, block => block.Groups["text"].Value);

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Yaml();

    [GeneratedRegex(
        "`(?<name>[a-z-]+\\.(?:yaml|c))`[^`\n]*:\n\n```[a-z]*\n(?<text>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex NamedBlock();

    [GeneratedRegex("[A-Za-z0-9+/=]{124}")]
    private static partial Regex PublicKey();

    [GeneratedRegex("[0-9a-f]{64}")]
    private static partial Regex Hash();

    [GeneratedRegex("^identity +([0-9a-f]{64})$", RegexOptions.Multiline)]
    private static partial Regex Identity();
}
