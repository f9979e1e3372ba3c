using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
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
using Guardian.Cli.Commands.Rooms;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Output;
using Guardian.Cli.Reports;
using Guardian.Cli.Rooms;
using Guardian.Refusals;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Demo;

/// <summary>The demo, step by step. Programs, protocol and checks are those of every day; only both partners share one machine.</summary>
internal sealed class DemoStory : IDisposable
{
    private readonly Terminal terminal;
    private readonly TextOutput people;
    private readonly string directory;
    private readonly bool isKept;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Hillstrom hillstrom = Hillstrom.Load();
    private readonly IdentityKey agency = IdentityKey.Create();
    private readonly IdentityKey retailer = IdentityKey.Create();
    private readonly List<RunningProgram> running = [];
    private int step;

    /// <param name="terminal">Where the demo shows itself.</param>
    /// <param name="directory">An empty folder for keys, data and state.</param>
    /// <param name="isKept">Whether the folder stays for the user.</param>
    public DemoStory(Terminal terminal, string directory, bool isKept)
    {
        this.terminal = terminal;
        this.directory = directory;
        this.isKept = isKept;
        people = terminal.People;
    }

    /// <summary>Plays the demo.</summary>
    /// <returns>The command's exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        people.WriteLine("Guardian: two companies learn what a campaign did, without showing each other a row");
        people.WriteLine(
            "The platform is SIMULATED: SGX's formats, checks and code path under a root of trust of its own, and no protection.");

        var cas = await StartCasAsync(cancellation).ConfigureAwait(false);
        var file = await AgreeAsync(cas, cancellation).ConfigureAwait(false);
        var room = await StartRoomAsync(file, cas, cancellation).ConfigureAwait(false);
        await UploadAsync(file, room, cancellation).ConfigureAwait(false);
        var answers = await AskAsync(file, room, cancellation).ConfigureAwait(false);
        var problems = new DemoCheck(hillstrom).FindProblems(answers);
        var scanned = SearchPlainText();
        ShowEnd(file, problems);
        var result = new DemoResult(
            "simulated", file.Hash, Part(answers.Overlap, "overlap"), Part(answers.Crosstab, "crosstab"), Part(answers.Lift, "lift"),
            answers.Withheld, problems,
            scanned, Math.Round(clock.Elapsed.TotalSeconds, 1), isKept ? directory : null);
        terminal.Show(result, DemoJson.Default.DemoResult, _ => { });
        return problems.Count == 0
            ? ExitCode.Done
            : throw CliReasons.FiguresDiffer.Refuse("the room's figures are not those of the plain file", problems: problems);
    }

    public void Dispose()
    {
        // The last program that was started depends on those before it.
        for (var i = running.Count - 1; i >= 0; i--)
        {
            running[i].Dispose();
        }
        agency.Dispose();
        retailer.Dispose();
    }

    private string PathOf(string name) => Path.Combine(directory, name);

    private static JsonNode Part(Answer answer, string name) =>
        JsonSerializer.SerializeToNode(answer, AnswerJson.Default.Answer)![name]!.DeepClone();

    private async Task<Uri> StartCasAsync(CancellationToken cancellation)
    {
        Begin("A configuration and attestation service (CAS) starts in an enclave");
        var address = await StartAsync(
            InstalledProgram.Cas, ["--state", PathOf("cas"), "--owners", agency.PublicKey, "--threshold", "1"],
            cancellation).ConfigureAwait(false);
        using var client = new CasClient(
            address, PolicyFor(InstalledProgram.Cas), null, TimeProvider.System, CliVerifier.Default, (peer, _) =>
                ShowPeer("guardian-cas", peer));
        await client.CheckAsync(cancellation).ConfigureAwait(false);
        return address;
    }

    private async Task<RoomFile> AgreeAsync(Uri cas, CancellationToken cancellation)
    {
        Begin("Agency and retailer agree on a contract");
        agency.Save(PathOf("agency.pem"));
        retailer.Save(PathOf("retailer.pem"));

        var session = RoomTemplates.WriteSession(DemoContract.Room, InstalledProgram.Enclave.Measure(), [PlatformKind.Simulated]);
        OutputFile.Write(PathOf("session.yaml"), session);
        using var certificate = agency.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = new CasClient(cas, PolicyFor(InstalledProgram.Cas), certificate, TimeProvider.System, CliVerifier.Default);
        var created = await client.CreateAsync(Encoding.UTF8.GetBytes(session), cancellation: cancellation).ConfigureAwait(false);
        Tell($"the CAS makes the room's key; session {created.Name}, hash {Format.Brief(created.Hash)}: only the measured enclave gets it");

        var contract = DemoContract.Write(
            agency.PublicKey, retailer.PublicKey, InstalledProgram.Enclave.Measure(), InstalledProgram.Cas.Measure(), created.Hash,
            (await client.ReadIdentityAsync(cancellation).ConfigureAwait(false)).Identity);
        OutputFile.Write(PathOf("room.yaml"), contract);
        var file = RoomFile.Load(PathOf("room.yaml"));
        OutputFile.Write(file.SignaturePath(DemoContract.Agency), SignedContract.Sign(file.Contract, agency));
        OutputFile.Write(file.SignaturePath(DemoContract.Retailer), SignedContract.Sign(file.Contract, retailer));
        file.RequireSigned();
        Tell($"both sign room.yaml, hash {Format.Brief(file.Hash)}: data, questions, rules, and which code may run");
        Tell($"privacy: {RoomView.DescribePrivacy(file.Contract.Privacy.MinimumAudience, file.Contract.Privacy.Epsilon)}");
        return file;
    }

    private async Task<Uri> StartRoomAsync(RoomFile file, Uri cas, CancellationToken cancellation)
    {
        Begin("The clean room starts in an enclave");
        var address = await StartAsync(
            InstalledProgram.Enclave, ["--state", PathOf("room"), "--contract", file.Path, "--cas", cas.ToString()],
            cancellation).ConfigureAwait(false);
        Tell("the CAS verified its quote, and the enclave the CAS's; it has the room's key");
        using var certificate = agency.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = file.Connect(address, certificate, (peer, _) => ShowPeer("guardian-enclave", peer));
        await client.DescribeAsync(cancellation).ConfigureAwait(false);
        Tell("its quote contains the contract's hash: this code, under this contract");
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
            var upload = new RoomUpload(file, client, name, UploadForm.Sorted);
            var (result, _) = await upload.SendAsync(PathOf(data), null, terminal, cancellation).ConfigureAwait(false);
            foreach (var line in result.ToLines())
            {
                Tell(line);
            }
        }
    }

    private async Task<DemoAnswers> AskAsync(RoomFile file, Uri room, CancellationToken cancellation)
    {
        using var certificate = agency.CreateClientCertificate(TimeProvider.System.GetUtcNow());
        using var client = file.Connect(room, certificate);
        async Task<Answer> AskAndShowAsync(string title, Question question, StatementFiles files)
        {
            Begin(title);
            var statement = await client.AskAsync(question, cancellation).ConfigureAwait(false);
            OutputFile.Write(PathOf(files.Statement), statement);
            var answer = RoomStatements.ReadResult(statement, file.Contract);
            RoomView.ShowAnswer(people, answer);
            if (files.Page is not null)
            {
                OutputFile.Write(PathOf(files.Page), new AnswerPage(answer, RoomStatements.Verify(statement, file.Contract)).Write());
            }
            return answer;
        }

        var overlap = await AskAndShowAsync(
            "How many customers do they share?", new Question { Kind = QuestionKind.Overlap },
            new StatementFiles("overlap.jws")).ConfigureAwait(false);
        var crosstab = await AskAndShowAsync(
            "Who are they? Arm (the agency knows) by channel (the retailer knows)",
            new Question { Kind = QuestionKind.Crosstab, By = ["campaign.arm", "customers.channel"] },
            new StatementFiles("crosstab.jws")).ConfigureAwait(false);
        var lift = await AskAndShowAsync(
            "Did the campaign work?", new Question { Kind = QuestionKind.Lift }, new StatementFiles("lift.jws",
            "lift.html")).ConfigureAwait(false);
        var withheld = await AskForbiddenAsync(file, client, cancellation).ConfigureAwait(false);

        var log = await client.ReadLogAsync(cancellation).ConfigureAwait(false);
        if (LogChain.FindProblem(log.Entries) is { } problem)
        {
            throw CliReasons.BadRoomLog.Refuse(problem);
        }
        var again = await client.AskAsync(new Question { Kind = QuestionKind.Overlap }, cancellation).ConfigureAwait(false);
        Tell(RoomStatements.ReadAnswer(again, file.Contract).LogHash == overlap.LogHash
            ? "how many they share, asked again: the same answer, signed the first time; nothing can be averaged away"
            : throw CliReasons.NotStored.Refuse("the room gave another answer to the same question"));
        Tell("every upload and question, answered or not, is in the log that both can read: "
            + $"{Format.Count(log.Entries.Count, "entry", "entries")}, hash chain verified");
        return new DemoAnswers(overlap, crosstab, lift, withheld);
    }

    // The second question is about everyone but a few: beside the answer above, it would tell about these.
    private async Task<int> AskForbiddenAsync(RoomFile file, RoomClient client, CancellationToken cancellation)
    {
        Begin("What the room does not answer");
        (string Subject, Predicate Where)[] questions =
        [
            ("customers who spent 3,000 or more last year", new Predicate("customers.history", ">=", ["3000"])),
            ("everyone but them, which less the answer above would be the same", new Predicate("customers.history", "<", ["3000"])),
            ("customers who bought something", new Predicate("customers.spend", ">", ["0"])),
        ];
        foreach (var (subject, where) in questions)
        {
            try
            {
                var question = new Question { Kind = QuestionKind.Overlap, Where = [where] };
                RoomStatements.ReadResult(await client.AskAsync(question, cancellation).ConfigureAwait(false), file.Contract);
            }
            catch (RefusedException refused) when (!refused.IsTransient && refused.Refusal.Reason != RoomClientReasons.NotTrusted)
            {
                Tell($"{subject}: refused - {refused.Message}");
                continue;
            }
            throw CliReasons.NotRefused.Refuse($"the room answered about {subject}, which it must not");
        }
        return questions.Length;
    }

    // The host sees its disk: nothing that only a partner may read is there in the clear.
    private long SearchPlainText()
    {
        Begin("What stayed secret");
        var needles = new[] { "@example", "@EXAMPLE", "customer.", "Multichannel", "Mens E-Mail" }.Select(Encoding.UTF8.GetBytes).ToList();
        var scanned = 0L;
        foreach (var path in new[] { "cas", "room" }.SelectMany(
            folder => Directory.EnumerateFiles(PathOf(folder), "*", SearchOption.AllDirectories)))
        {
            var bytes = File.ReadAllBytes(path);
            scanned += bytes.Length;
            if (needles.FirstOrDefault(needle => bytes.AsSpan().IndexOf(needle) >= 0) is { } found)
            {
                throw CliReasons.PlaintextFound.Refuse($"{path} holds '{Encoding.UTF8.GetString(found)}' in the clear");
            }
        }
        Tell($"{Format.Number(scanned)} bytes on the host's disk searched for addresses, arms and channels: none found, all of it is "
            + "ciphertext");
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
        RoomShelf.Add(directory);
        people.WriteLine($"Everything is in {directory}; the report as a page is lift.html there. To look further:");
        foreach (var command in new[]
        {
            $"room check {file.Path}",
            $"room verify {PathOf("lift.jws")} --contract {file.Path}",
            $"cas start --state {PathOf("cas")} --machine {PathOf("machine")} --listen 127.0.0.1:8443",
            $"room start {file.Path} --cas 127.0.0.1:8443 --state {PathOf("room")} --machine {PathOf("machine")} --listen 127.0.0.1:9443",
            $"room ask {file.Path} overlap --where \"customers.zip_code = Urban\" --room 127.0.0.1:9443 --key {PathOf("retailer.pem")}",
        })
        {
            people.WriteLine($"  ./guardian {command}");
        }
        people.WriteLine("In a browser: ./guardian open");
    }

    private async Task<Uri> StartAsync(InstalledProgram program, IEnumerable<string> more, CancellationToken cancellation)
    {
        var started = program.Start(["--machine", PathOf("machine"), "--listen", "127.0.0.1:0", .. more], forwardErrors: false);
        running.Add(started);
        return new Uri((await started.WaitUntilListeningAsync(cancellation).ConfigureAwait(false)).Address!);
    }

    private static AttestationPolicy PolicyFor(InstalledProgram program) => new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [program.Measure()] }],
        Platforms = [PlatformKind.Simulated],
    };

    private void ShowPeer(string name, RaTlsPeer peer) => Tell(
        $"{name} verified: mrenclave {Format.Brief(peer.Quote.Report.MrEnclave.ToString())}, quote to {peer.Quote.RootName}, TLS key "
        + "bound to it");

    private void Begin(string title) => people.WriteHeading($"{++step} {title}");

    private void Tell(string line) => people.WriteLine($"  {line}");

    private sealed record StatementFiles(string Statement, string? Page = null);
}

/// <summary>The answers that the demo got.</summary>
/// <param name="Withheld">Questions that were refused, as they must be.</param>
internal sealed record DemoAnswers(Answer Overlap, Answer Crosstab, Answer Lift, int Withheld);
