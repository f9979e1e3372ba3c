using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Audit;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Sgx;
using Guardian.Simulation;

namespace Guardian.Cas.Tests.Audit;

/// <summary>A reader who verifies while it reads shows no made-up entry. A naive one, which counts lines, shows them all.</summary>
public sealed class AuditFollowerTests : IDisposable
{
    private static readonly AttestationPolicy Policy = new()
    {
        Identities = [new AcceptedIdentity { MrEnclaves = [TestCas.Cas.Identity.MrEnclave] }],
        Platforms = [PlatformKind.Simulated],
    };

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public async Task The_genuine_log_is_shown_with_the_numbers_of_its_lines()
    {
        var page = await FillAsync();
        var (shown, refusal) = Follow(page.Lines, page.Head);
        Assert.Null(refusal);
        Assert.Equal(Enumerable.Range(1, page.Lines.Count).Select(number => (long)number), shown.Select(entry => entry.Sequence));
        Assert.Equal("started", shown[0].Event);
    }

    [Fact]
    public async Task One_line_that_is_given_again_and_again_is_shown_once_at_most()
    {
        var page = await FillAsync();
        var last = Enumerable.Repeat(page.Lines[^1], 25).ToList();
        var first = Enumerable.Repeat(page.Lines[0], 25).ToList();
        // Naive: 25 entries with the numbers 1 to 25.
        Assert.Equal(25, NaiveShow(last).Count);
        Assert.Equal(25, NaiveShow(first).Count);

        var (shown, refusal) = Follow(last, page.Head);
        Assert.Empty(shown);
        Assert.Equal(CasReasons.Altered, refusal?.Reason);
        Assert.Contains("entry 1", refusal!.Detail, StringComparison.Ordinal);
        (shown, refusal) = Follow(first, page.Head);
        Assert.Single(shown);
        Assert.Contains("entry 2", refusal!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_line_that_is_flipped_left_out_exchanged_or_added_ends_the_reading_at_its_place()
    {
        var page = await FillAsync();
        var lines = page.Lines;
        for (var i = 0; i < lines.Count; i++)
        {
            var flipped = lines[i].ToCharArray();
            flipped[10] = flipped[10] == 'A' ? 'B' : 'A';
            AssertEnds([.. lines.Take(i), new string(flipped), .. lines.Skip(i + 1)], i);
            AssertEnds([.. lines.Take(i), .. lines.Skip(i + 1)], i);
            AssertEnds([.. lines.Take(i), "", .. lines.Skip(i)], i);
            AssertEnds([.. lines.Take(i + 1), lines[i], .. lines.Skip(i + 1)], i + 1);
            // A line of another CAS.
            using var other = new TestCas();
            var foreign = (await other.Audit.ReadAsync("0", TestCas.Alice).ValueAsync()).Lines[0];
            AssertEnds([.. lines.Take(i), foreign, .. lines.Skip(i + 1)], i);
        }
        Assert.Equal(CasReasons.Truncated, Follow([.. lines.Take(2)], page.Head).Refusal?.Reason);
        Assert.Equal(CasReasons.Truncated, Follow([], page.Head).Refusal?.Reason);
        Assert.Equal(CasReasons.NotTrusted, Follow(lines, "{}").Refusal?.Reason);

        void AssertEnds(List<string> changed, int verified)
        {
            var (shown, refusal) = Follow(changed, page.Head);
            Assert.NotNull(refusal);
            Assert.Equal(verified, shown.Count);
        }
    }

    [Fact]
    public async Task Nothing_is_accepted_after_a_refusal()
    {
        var page = await FillAsync();
        var follower = new AuditFollower(Policy, cas.Time.Now, SimulatedPlatforms.Verifier, cas.Vault.LogId);
        Assert.NotNull(follower.Append("made up").Refusal);
        Assert.NotNull(follower.Append(page.Lines[0]).Refusal);
        Assert.NotNull(follower.Finish(page.Head).Refusal);
        Assert.Equal(0, follower.Sequence);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("e30.e30")]
    [InlineData("bnVsbA.e30")]
    [InlineData("WzFd.e30")]
    [InlineData("eyJzZXF1ZW5jZSI6MX0.e30")]
    [InlineData("eyJzZXF1ZW5jZSI6e30sInByZXZpb3VzIjpbXX0.e30")]
    [InlineData("eyJzZXF1ZW5jZSI6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSwicHJldmlvdXMiOiJcdWQ4MDAifQ.e30")]
    public void Malformed_lines_are_refused_and_never_throw(string line)
    {
        Assert.Null(AuditLine.TryReadLink(Encoding.UTF8.GetBytes(line)));
        Assert.NotNull(new AuditFollower(Policy, cas.Time.Now, SimulatedPlatforms.Verifier).Append(line).Refusal);
    }

    private async Task<AuditPage> FillAsync()
    {
        await cas.CreateAsync(TestCas.Session);
        await cas.ConfigureAsync();
        cas.Reopen();
        await cas.ConfigureAsync();
        return await cas.Audit.ReadAsync("0", TestCas.Alice).ValueAsync();
    }

    private (List<VerifiedEntry> Shown, Refusal? Refusal) Follow(IReadOnlyList<string> lines, string head)
    {
        var follower = new AuditFollower(Policy, cas.Time.Now, SimulatedPlatforms.Verifier, cas.Vault.LogId);
        var shown = new List<VerifiedEntry>();
        foreach (var line in lines)
        {
            var (entry, refusal) = follower.Append(line);
            if (entry is null)
            {
                return (shown, refusal);
            }
            shown.Add(entry);
        }
        return (shown, follower.Finish(head).Refusal);
    }

    // As before: the command counted the lines.
    private static List<(int Number, string Event)> NaiveShow(IEnumerable<string> lines) =>
        [.. lines.Select((line, index) => (index + 1, AuditVerifier.Describe(line)!.Value.Event))];
}
