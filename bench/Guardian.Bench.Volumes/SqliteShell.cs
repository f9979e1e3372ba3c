using System.Diagnostics;
using System.Globalization;
using Guardian.Volumes;
using Guardian.Volumes.Contract;

namespace Guardian.Bench.Volumes;

/// <summary>SQLite's shell as a WebAssembly program (samples/programs/build). <c>guardian run</c> runs it with its database on an encrypted
/// volume, on a gocryptfs mount or on plain files.</summary>
internal sealed class SqliteShell
{
    private const string Clock = "SELECT (julianday('now') - 2440587.5) * 86400;\n";

    // Programs have no folder for temporary files.
    private const string Begin = "PRAGMA temp_store = MEMORY;\n";

    /// <summary>The row of small transactions in a process that has done 800 of them before: without the compilation of the host's own
    /// code, which programs for .NET do while they run.</summary>
    public const string WarmTransactions = "SQLite's shell, 200 more small transactions";

    private readonly string guardian;
    private readonly string module;

    private SqliteShell(string guardian, string module) => (this.guardian, this.module) = (guardian, module);

    /// <summary>The scripts, in the order in which they run.</summary>
    public static IReadOnlyList<(string Row, string Before, string Script)> Scripts { get; } =
    [
        ("SQLite's shell, one large transaction", "", """
            CREATE TABLE sale(id INTEGER PRIMARY KEY, customer TEXT, amount INTEGER, note TEXT);
            BEGIN;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
              INSERT INTO sale SELECT i, printf('%016x', i * 2654435761 % 4294967296), i % 997, hex(zeroblob(80)) FROM n;
            CREATE INDEX by_customer ON sale(customer);
            COMMIT;
            """),
        ("SQLite's shell, query", "", """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
              SELECT sum(length(note)) FROM n JOIN sale ON customer = printf('%016x', (i * 7919 % 100000) * 2654435761 % 4294967296);
            """),
        ("SQLite's shell, 200 small transactions", "", WriteTransactions(1, 200)),
        (WarmTransactions, WriteTransactions(201, 800), WriteTransactions(1001, 200)),
    ];

    private static string WriteTransactions(int from, int count) => string.Concat(Enumerable.Range(from, count).Select(i => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        BEGIN; UPDATE sale SET amount = amount + 1 WHERE id IN ({i * 7919L % 100000}, {i * 104729L % 100000});
        INSERT INTO sale(customer, amount) VALUES ('new {i}', {i}); COMMIT;

        """)));

    /// <summary>Looks for the shell below the current folder, and for its module in the folder that <c>GUARDIAN_SAMPLES</c> names, if
    /// any.</summary>
    /// <returns>Null when something is missing, which the console then says.</returns>
    public static SqliteShell? Find()
    {
        var artifacts = Path.Combine(Environment.CurrentDirectory, "artifacts");
        var guardian = Path.Combine(artifacts, "bin", "Guardian.Cli", "release", "guardian.dll");
        var samples = Environment.GetEnvironmentVariable("GUARDIAN_SAMPLES") ?? Path.Combine(artifacts, "samples");
        var module = Path.Combine(samples, "sqlite.wasm");
        foreach (var (
            file, build) in new[] { (guardian, "'dotnet build src/client/Guardian.Cli -c Release'"), (module, "samples/programs/build") })
        {
            if (!File.Exists(file))
            {
                Console.WriteLine($"without SQLite's shell: {build} makes {file}");
                return null;
            }
        }
        return new SqliteShell(guardian, module);
    }

    /// <summary>Makes an empty folder in a contender's place, which the program sees as <c>/data</c>.</summary>
    /// <param name="contender">The contender.</param>
    /// <param name="folder">A new folder, for an encrypted volume.</param>
    /// <returns>Options of <c>guardian run</c>.</returns>
    public static string[] OptionsFor(IContender contender, string folder)
    {
        if (contender is FolderContender plain)
        {
            return ["--dir", $"{Directory.CreateDirectory(Path.Combine(plain.Folder, Path.GetFileName(folder))).FullName}::/data"];
        }
        using var key = VolumeKey.Create();
        Volume.Create(folder, key).Dispose();
        key.Save(folder + ".key");
        return ["--volume", $"{folder}::/data", "--volume-key", folder + ".key"];
    }

    /// <summary>Runs a script in a new process.</summary>
    /// <param name="where">The options that give the program its folder <c>/data</c>.</param>
    /// <param name="before">What the same process does before the clock starts.</param>
    /// <returns>Seconds from the script's first statement to its last, by the program's own clock: without starting and compiling
    /// it.</returns>
    /// <exception cref="IOException">The program failed.</exception>
    public double Run(IEnumerable<string> where, string before, string script)
    {
        string[] program = [module, "-vfs", "unix-none", "-bail", "/data/shop.db"];
        var start = new ProcessStartInfo("dotnet", [guardian, "run", "--insecure-no-attestation", .. where, .. program])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(Begin + before + Clock + script + "\n" + Clock);
        process.StandardInput.Close();
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0
            ? double.Parse(lines[^1], CultureInfo.InvariantCulture) - double.Parse(lines[0], CultureInfo.InvariantCulture)
            : throw new IOException($"SQLite's shell ended with {process.ExitCode}: {errors.Result}");
    }
}
