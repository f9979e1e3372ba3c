using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.Attestation.Identity;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.Cas.Client.Connection;
using Guardian.Cas.Client.Protocol;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Client.Reasons;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Room;
using Guardian.Cli.Commands;
using Guardian.Cli.Rooms;
using Guardian.Refusals;
using Guardian.Sgx;
using Spectre.Console;

namespace Guardian.Cli.Demo;

/// <summary>
/// The demo, step by step: the programs, the protocol and the checks are those of every day; only both partners sit in one chair.
/// </summary>
internal sealed class Demo : IDisposable
{
    private readonly Terminal terminal;
    private readonly IAnsiConsole people;
    private readonly string directory;
    private readonly bool isKept;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Hillstrom hillstrom = Hillstrom.Load();
    private readonly IdentityKey agency = IdentityKey.Create();
    private readonly IdentityKey retailer = IdentityKey.Create();
    private readonly List<IDisposable> running = [];
    private int step;

    public Demo(Terminal terminal, string directory, bool isKept)
    {
        this.terminal = terminal;
        this.directory = directory;
        this.isKept = isKept;
        people = terminal.Json ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) }) : terminal.Output;
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        people.WriteLine("Guardian: two companies learn what a campaign did, without showing each other a row");
        people.WriteLine("The platform is SIMULATED: SGX's formats, checks and code path under a root of trust of its own, and no protection.");

        var cas = await StartCasAsync(cancellation).ConfigureAwait(false);
        var file = await AgreeAsync(cas, cancellation).ConfigureAwait(false);
        var room = await StartRoomAsync(file, cas, cancellation).ConfigureAwait(false);
        await UploadAsync(file, room, cancellation).ConfigureAwait(false);
        var answers = await AskAsync(file, room, cancellation).ConfigureAwait(false);
        var problems = new DemoCheck(hillstrom).FindProblems(answers);
        var secret = CheckSecrets();
        ShowEnd(file, problems);
        terminal.Show(
            new JsonObject
            {
                ["platform"] = "simulated",
                ["contractHash"] = file.Hash,
                ["overlap"] = RoomQuestionCommands.ToJson(answers.Overlap)["overlap"]!.DeepClone(),
                ["crosstab"] = RoomQuestionCommands.ToJson(answers.Crosstab)["crosstab"]!.DeepClone(),
                ["lift"] = RoomQuestionCommands.ToJson(answers.Lift)["lift"]!.DeepClone(),
                ["withheld"] = answers.Withheld,
                ["differences"] = new JsonArray([.. problems.Select(problem => (JsonNode)problem)]),
                ["scannedBytes"] = secret,
                ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 1),
                ["kept"] = isKept ? directory : null,
            },
            _ => { });
        return problems.Count == 0
            ? ExitCode.Done
            : throw new CliException(ExitCode.Refused, "figures-differ", "the room's figures are not those of the plain file", problems);
    }

    public void Dispose()
    {
        // Last started, first ended.
        for (var i = running.Count - 1; i >= 0; i--)
        {
            running[i].Dispose();
        }
        agency.Dispose();
        retailer.Dispose();
    }

    private string PathOf(string name) => Path.Combine(directory, name);

    private async Task<Uri> StartCasAsync(CancellationToken cancellation)
    {
        Begin("A configuration and attestation service (CAS) starts in an enclave");
        var address = await StartAsync(InstalledProgram.Cas, ["--state", PathOf("cas")], cancellation).ConfigureAwait(false);
        var policy = PolicyFor(InstalledProgram.Cas);
        using var client = new CasClient(address, policy, null, TimeProvider.System, CliVerifier.Default, (peer, _) => ShowPeer("guardian-cas", peer));
        await client.CheckAsync(cancellation).ConfigureAwait(false);
        return address;
    }

    private async Task<RoomFile> AgreeAsync(Uri cas, CancellationToken cancellation)
    {
        Begin("Agency and retailer agree on a contract");
        agency.Save(PathOf("agency.pem"));
        retailer.Save(PathOf("retailer.pem"));

        var session = RoomTemplates.Session(DemoContract.Room, InstalledProgram.Enclave.Measure(), [PlatformKind.Simulated]);
        await File.WriteAllTextAsync(PathOf("session.yaml"), session, cancellation).ConfigureAwait(false);
        using var certificate = agency.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = new CasClient(cas, PolicyFor(InstalledProgram.Cas), certificate, TimeProvider.System, CliVerifier.Default);
        var created = await client.CreateAsync(System.Text.Encoding.UTF8.GetBytes(session), cancellation: cancellation).ConfigureAwait(false);
        Tell($"the CAS makes the room's key; session {created.Name}, hash {Brief(created.Hash)}: only the measured enclave gets it");

        var contract = DemoContract.Write(agency.PublicKey, retailer.PublicKey, InstalledProgram.Enclave.Measure(), InstalledProgram.Cas.Measure(), created.Hash);
        await File.WriteAllTextAsync(PathOf("room.yaml"), contract, cancellation).ConfigureAwait(false);
        var file = RoomFile.Load(PathOf("room.yaml"));
        await File.WriteAllTextAsync(file.SignaturePath(DemoContract.Agency), SignedContract.Sign(file.Contract, agency), cancellation).ConfigureAwait(false);
        await File.WriteAllTextAsync(file.SignaturePath(DemoContract.Retailer), SignedContract.Sign(file.Contract, retailer), cancellation).ConfigureAwait(false);
        file.RequireSigned();
        Tell($"both sign room.yaml, hash {Brief(file.Hash)}: data, questions, rules, and which code may run");
        Tell($"privacy: {RoomView.Privacy(file.Contract.Privacy.MinimumAudience, file.Contract.Privacy.Epsilon)}");
        return file;
    }

    private async Task<Uri> StartRoomAsync(RoomFile file, Uri cas, CancellationToken cancellation)
    {
        Begin("The clean room starts in an enclave");
        var address = await StartAsync(
            InstalledProgram.Enclave, ["--state", PathOf("room"), "--contract", file.Path, "--cas", cas.ToString()], cancellation).ConfigureAwait(false);
        Tell("the CAS verified its quote, and the enclave the CAS's; it has the room's key");
        using var certificate = agency.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = file.Connect(address, certificate, (peer, _) => ShowPeer("guardian-enclave", peer));
        await client.DescribeAsync(cancellation).ConfigureAwait(false);
        Tell("its quote carries the contract's hash: this code, under this contract");
        return address;
    }

    private async Task UploadAsync(RoomFile file, Uri room, CancellationToken cancellation)
    {
        Begin("Both upload: verify first; then normalise, tag, sort, pad, encrypt");
        hillstrom.WriteAgencyFile(PathOf("agency.csv"));
        hillstrom.WriteRetailerFile(PathOf("retailer.csv"));
        foreach (var (name, data, key) in new[] { ("campaign", "agency.csv", agency), ("customers", "retailer.csv", retailer) })
        {
            using var certificate = key.CreateClientCertificate(TimeProvider.System.GetUtcNow());
            using var client = file.Connect(room, certificate);
            var result = await RoomUploadCommand.UploadAsync(file, client, name, PathOf(data), terminal, UploadForm.Sorted, null, cancellation).ConfigureAwait(false);
            foreach (var line in result.ToString().Split('\n'))
            {
                Tell(line);
            }
        }
    }

    private async Task<DemoAnswers> AskAsync(RoomFile file, Uri room, CancellationToken cancellation)
    {
        using var certificate = agency.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = file.Connect(room, certificate);
        async Task<Answer> Ask(Question question, string output)
        {
            var statement = await client.AskAsync(question, cancellation).ConfigureAwait(false);
            await File.WriteAllBytesAsync(PathOf(output), statement, cancellation).ConfigureAwait(false);
            return RoomQuestionCommands.ReadAnswer(statement, file.Contract);
        }

        Begin("How many customers do they share?");
        var overlap = await Ask(new Question { Kind = QuestionKind.Overlap }, "overlap.jws").ConfigureAwait(false);
        RoomView.ShowAnswer(people, overlap);

        Begin("Who are they? Arm (the agency knows) by channel (the retailer knows)");
        var crosstab = await Ask(new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.channel"] }, "crosstab.jws").ConfigureAwait(false);
        RoomView.ShowAnswer(people, crosstab);

        Begin("Did the campaign work?");
        var lift = await Ask(new Question { Kind = QuestionKind.Lift }, "lift.jws").ConfigureAwait(false);
        RoomView.ShowAnswer(people, lift);
        await File.WriteAllTextAsync(
            PathOf("lift.html"), new AnswerPage(lift, RoomStatements.Verify(await File.ReadAllBytesAsync(PathOf("lift.jws"), cancellation).ConfigureAwait(false), file.Contract, TimeProvider.System.GetUtcNow())).Write(),
            cancellation).ConfigureAwait(false);

        Begin("What the room does not answer");
        var narrow = new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.history", ">=", ["3000"])] };
        var hidden = new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.spend", ">", ["0"])] };
        // Who has not spent 3,000 is everyone but a few: beside the first answer, it would tell about these.
        var nearly = new Question { Kind = QuestionKind.Overlap, Where = [new Predicate("customers.history", "<", ["3000"])] };
        var withheld = new[]
        {
            await RefusalAsync(client, "customers who spent 3,000 or more last year", narrow, cancellation).ConfigureAwait(false),
            await RefusalAsync(client, "everyone but them, which less the answer above would be the same", nearly, cancellation).ConfigureAwait(false),
            await RefusalAsync(client, "customers who bought something", hidden, cancellation).ConfigureAwait(false),
        };
        var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
        if (LogChain.FindProblem(log.Entries) is { } problem)
        {
            throw new CliException(ExitCode.Refused, "bad-log", problem);
        }
        var again = await client.AskAsync(new Question { Kind = QuestionKind.Overlap }, cancellation).ConfigureAwait(false);
        Tell(RoomQuestionCommands.ReadAnswer(again, file.Contract).LogHash == overlap.LogHash
            ? "how many they share, asked again: the same answer, signed the first time; nothing can be averaged away"
            : throw new CliException(ExitCode.Refused, "not-stored", "the room gave another answer to the same question"));
        Tell($"every upload and question, answered or not, is in the log that both can read: {log.Entries.Count} entries, hash chain verified");
        return new DemoAnswers(overlap, crosstab, lift, withheld.Length);
    }

    private async Task<string> RefusalAsync(RoomClient client, string what, Question question, CancellationToken cancellation)
    {
        try
        {
            await client.AskAsync(question, cancellation).ConfigureAwait(false);
        }
        catch (RefusedException refused) when (!refused.IsTransient && refused.Refusal.Reason != RoomClientReasons.NotTrusted)
        {
            Tell($"{what}: refused - {refused.Message}");
            return refused.Refusal.Code;
        }
        throw new CliException(ExitCode.Refused, "not-refused", $"the room answered about {what}, which it must not");
    }

    // What the host sees on its disk: searched for what nobody may read there.
    private long CheckSecrets()
    {
        Begin("What stayed secret");
        var needles = new[] { "@example", "@EXAMPLE", "customer.", "Multichannel", "Mens E-Mail" }.Select(System.Text.Encoding.UTF8.GetBytes).ToList();
        var scanned = 0L;
        foreach (var path in new[] { "cas", "room" }.SelectMany(folder => Directory.EnumerateFiles(PathOf(folder), "*", SearchOption.AllDirectories)))
        {
            var bytes = File.ReadAllBytes(path);
            scanned += bytes.Length;
            if (needles.FirstOrDefault(needle => bytes.AsSpan().IndexOf(needle) >= 0) is { } found)
            {
                throw new CliException(ExitCode.Refused, "plaintext-found", $"{path} holds '{System.Text.Encoding.UTF8.GetString(found)}' in the clear");
            }
        }
        Tell($"{Terminal.Number(scanned)} bytes on the host's disk searched for addresses, arms and channels: none found, all of it is ciphertext");
        Tell("neither partner saw a row, a match or an identifier of the other; the host saw padded sizes and times");
        return scanned;
    }

    private void ShowEnd(RoomFile file, IReadOnlyList<string> problems)
    {
        Begin("Checked");
        Tell(problems.Count == 0
            ? "overlap, crosstab and lift equal a plain computation over the original file, and the published figures"
            : "the room's figures differ from a plain computation over the original file");
        Tell("every answer is signed inside the enclave and was verified down to the quote");
        Tell(string.Create(CultureInfo.InvariantCulture, $"all of it in {clock.Elapsed.TotalSeconds:F1} seconds"));
        people.WriteLine();
        if (!isKept)
        {
            people.WriteLine("To look further: ./guardian demo --keep DIR   and   docs/tutorials/clean-room.md");
            return;
        }
        people.WriteLine($"Everything is in {directory}; the report as a page is lift.html there. To look further:");
        ShowCommand($"room check {file.Path}");
        ShowCommand($"room verify {PathOf("lift.jws")} --contract {file.Path}");
        ShowCommand($"cas start --state {PathOf("cas")} --machine {PathOf("machine")} --listen 127.0.0.1:8443");
        ShowCommand($"room start {file.Path} --cas 127.0.0.1:8443 --state {PathOf("room")} --machine {PathOf("machine")} --listen 127.0.0.1:9443");
        ShowCommand($"room ask {file.Path} overlap --where \"customers.zip_code = Urban\" --room 127.0.0.1:9443 --key {PathOf("retailer.pem")}");
    }

    // Not wrapped to the width of the terminal: it is there to be copied.
    private void ShowCommand(string command) => people.Profile.Out.Writer.WriteLine($"  ./guardian {command}");

    private async Task<Uri> StartAsync(InstalledProgram program, IEnumerable<string> more, CancellationToken cancellation)
    {
        var started = program.Start(["--machine", PathOf("machine"), "--listen", "127.0.0.1:0", .. more], forward: false);
        running.Add(started);
        var listening = await started.WaitUntilListeningAsync(cancellation).ConfigureAwait(false);
        return new Uri((string)listening["address"]!);
    }

    private static AttestationPolicy PolicyFor(InstalledProgram program) => new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [program.Measure()] }],
        Platforms = [PlatformKind.Simulated],
    };

    private void ShowPeer(string name, RaTlsPeer peer) =>
        Tell($"{name} verified: mrenclave {Brief(peer.Quote.Report.MrEnclave.ToString())}, quote to {peer.Quote.RootName}, TLS key bound to it");

    private void Begin(string title)
    {
        step++;
        people.WriteLine();
        people.Write(new Rule(Markup.Escape($"{step} {title}")).LeftJustified().RuleStyle("grey"));
    }

    private void Tell(string line) => people.WriteLine($"  {line}");

    private static string Brief(string hex) => $"{hex[..16]}…";
}

/// <summary>What the demo was told.</summary>
/// <param name="Withheld">Questions that were refused, as they must be.</param>
internal sealed record DemoAnswers(Answer Overlap, Answer Crosstab, Answer Lift, int Withheld);
