using System.Runtime.InteropServices;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Data;

/// <summary>The checks of a partner's groups, one fault at a time.</summary>
public class GroupCheckTests
{
    private const int Bucket = 3;

    private static readonly RoomContract Contract = TestContract.Read(("max_rows: 4000", "max_rows: 1000000"));
    private static readonly RoomLayout Layout = RoomLayout.For(Contract);
    private static readonly DataSet Campaign = Contract.FindDataSet("campaign")!;
    private static readonly int Slots = Layout.Capacities["campaign"] * RoomLayout.BucketsPerGroup;

    [Fact]
    public void Rows_in_order_in_their_bucket_are_accepted_up_to_its_ends()
    {
        Assert.Null(Find(Group(), out var rows));
        Assert.Equal(3, rows);
    }

    [Theory]
    [InlineData("an empty slot is not all ones and zeros")]
    [InlineData("a row follows an empty slot")]
    [InlineData("a tag has more than 112 bits")]
    [InlineData("a row is in the wrong bucket")]
    [InlineData("rows are not in ascending order, or a person occurs twice")]
    public void A_fault_in_the_tags_is_named_with_its_bucket(string problem)
    {
        var group = Group();
        var words = MemoryMarshal.Cast<byte, ulong>(group.AsSpan());
        switch (problem[..10])
        {
            case "an empty s":
                words[Slots + At(3)]--;
                break;
            case "a row foll":
                (words[At(4)], words[Slots + At(4)]) = (words[At(2)], words[Slots + At(2)]);
                break;
            case "a tag has ":
                words[Slots + At(1)] |= 1UL << (15 + Layout.CommonBits);
                break;
            case "a row is i":
                words[At(2)] += 1UL << Layout.CommonBits;
                break;
            default:
                (words[At(0)], words[At(1)]) = (words[At(1)], words[At(0)]);
                break;
        }
        Assert.Equal($"chunk 0, bucket {Bucket}: {problem}", Find(group, out _));
    }

    [Theory]
    [InlineData(1UL, false)]
    [InlineData(0xFFFFUL, false)]
    [InlineData(0x10000UL, true)]
    public void Words_that_agree_but_for_sixteen_bits_are_of_one_person(ulong distance, bool isAccepted)
    {
        var group = Group();
        var words = MemoryMarshal.Cast<byte, ulong>(group.AsSpan());
        words[At(1)] = words[At(0)] + distance;
        Assert.Equal(isAccepted, Find(group, out _) is null);
    }

    [Fact]
    public void A_code_that_its_column_does_not_have_is_named_with_the_column()
    {
        var group = Group();
        group[(16 * Slots) + At(1)] = 9;
        Assert.Equal("chunk 0: column 'arm' holds a code that it does not have", Find(group, out _));
        group[(16 * Slots) + At(1)] = 0;
        group[(16 * Slots) + At(3)] = 1;
        Assert.Equal("chunk 0: column 'arm' holds a code that it does not have", Find(group, out _));
    }

    private static string? Find(byte[] group, out int rows) => new GroupCheck(Layout, Campaign).FindProblem(0, group, out rows);

    private static int At(int slot) => (slot * RoomLayout.BucketsPerGroup) + Bucket;

    // The first and the last tag of the bucket, and one between.
    private static byte[] Group()
    {
        var writer = new GroupWriter(Layout, Campaign);
        var (first, last) = (Layout.FirstOf(Bucket), Layout.LastOf(Bucket));
        writer.Write(Bucket, 0, new Tag(first, 0), [1, 1, 1]);
        writer.Write(Bucket, 1, new Tag(first + ((last - first) / 2), 5UL << 40), [2, 2, 2]);
        writer.Write(Bucket, 2, new Tag(last, ulong.MaxValue << 16), [0, 0, 0]);
        return writer.Plaintext.ToArray();
    }
}
