using System.Text;
using Guardian.Attestation.Evidence;

namespace Guardian.Attestation.Tests.Evidence;

public class EvidenceContextTests
{
    private static readonly byte[] Hash = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static TheoryData<string, string, string> Vectors()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "spec", "evidence.md"))
            .Where(line => line.StartsWith("vector ", StringComparison.Ordinal)))
        {
            var parts = line.Split(' ');
            data.Add(parts[1], parts[2], parts[3]);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void The_vectors_of_the_specification_hold(string role, string encoding, string binding)
    {
        var context = All().Single(context => EvidenceContext.WordOf(context.Role) == role);
        Assert.Equal(encoding, Convert.ToHexStringLower(context.Encoded.Span));
        Assert.Equal(binding, Convert.ToHexStringLower(context.ComputeBinding()));
        Assert.Equal(context, EvidenceContext.TryRead(Convert.FromHexString(encoding)));
    }

    [Fact]
    public void Every_role_has_a_vector() =>
        Assert.Equal(
            Enum.GetValues<EvidenceRole>().Select(EvidenceContext.WordOf).Order(), Vectors().Select(row => row.Data.Item1).Order());

    [Fact]
    public void Different_contexts_have_different_encodings_although_their_fields_join_to_the_same_text()
    {
        var one = EvidenceContext.RuntimeLaunch(Hash, "ab", "c");
        var other = EvidenceContext.RuntimeLaunch(Hash, "a", "bc");
        Assert.NotEqual(one.ComputeBinding(), other.ComputeBinding());
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void Every_cut_extended_or_altered_encoding_is_refused_or_another_context()
    {
        foreach (var context in All())
        {
            var encoded = context.Encoded.ToArray();
            for (var i = 0; i < encoded.Length; i++)
            {
                Assert.Null(EvidenceContext.TryRead(encoded.AsSpan(0, i)));
                encoded[i] ^= 1;
                if (EvidenceContext.TryRead(encoded) is { } read)
                {
                    Assert.NotEqual(context, read);
                    Assert.Equal(encoded, read.Encoded.ToArray());
                }
                encoded[i] ^= 1;
            }
            Assert.Null(EvidenceContext.TryRead([.. encoded, 0]));
        }
        Assert.Null(EvidenceContext.TryRead(new byte[EvidenceContext.MaxSize + 1]));
    }

    [Fact]
    public void An_identity_or_hash_has_32_bytes()
    {
        foreach (var size in new[] { 0, 31, 33, 64 })
        {
            Assert.Throws<ArgumentException>(() => EvidenceContext.Cas(new byte[size]));
            Assert.Throws<ArgumentException>(() => EvidenceContext.RoomShard(new byte[size]));
        }
        Assert.ThrowsAny<ArgumentException>(() => EvidenceContext.RuntimeLaunch(Hash, new string('a', 3000), "b"));
        Assert.ThrowsAny<ArgumentException>(() => EvidenceContext.RuntimeLaunch(Hash, new string('a', 70_000), "b"));
    }

    [Fact]
    public void An_expectation_accepts_one_role_and_the_fields_that_it_names()
    {
        var contexts = All().ToList();
        foreach (var wanted in contexts)
        {
            foreach (var found in contexts)
            {
                Assert.Equal(wanted.Equals(found), ExpectedEvidence.Exactly(wanted).FindFault(found) is null);
            }
            Assert.NotNull(ExpectedEvidence.Exactly(wanted).FindFault(null));
        }
        Assert.Null(ExpectedEvidence.Cas(null).FindFault(EvidenceContext.Cas(Hash)));
        Assert.Null(ExpectedEvidence.Cas(Hash).FindFault(EvidenceContext.Cas(Hash)));
        Assert.NotNull(ExpectedEvidence.Cas(new byte[32]).FindFault(EvidenceContext.Cas(Hash)));
        Assert.NotNull(ExpectedEvidence.Cas(null).FindFault(EvidenceContext.RoomLead(Hash)));
        Assert.Null(ExpectedEvidence.RuntimeLaunch(Convert.ToHexString(Hash), "shop", "web")
            .FindFault(EvidenceContext.RuntimeLaunch(Hash, "shop", "web")));
    }

    private static IEnumerable<EvidenceContext> All() =>
    [
        EvidenceContext.Cas(Hash), EvidenceContext.CasStarting, EvidenceContext.CasAudit, EvidenceContext.CasWitnessed(Hash, "watch"),
        EvidenceContext.RuntimeLaunch(Hash, "shop", "web"), EvidenceContext.RoomLead(Hash), EvidenceContext.RoomShard(Hash),
        EvidenceContext.RoomStatement(Hash),
    ];
}
