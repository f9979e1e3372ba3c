using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.Bench.CleanRoom;

/// <summary>The auditor of a room without noise: judging one more set beside those of many answers about large groups.</summary>
internal static class Auditor
{
    // Sketches of a room of k = 100 without noise.
    private const int Words = 16_384 / 64;
    private const int Least = 100;

    /// <summary>Measures.</summary>
    /// <param name="show">Shows a name and what it does.</param>
    public static void Run(Action<string, Action> show)
    {
        var complete = new HashSet<string>();
        foreach (var count in new[] { 100, 1_000, 2_000 })
        {
            var auditor = new SetAuditor(Words, Least + (Least / 2), residue => residue.Sum(word => BitOperations.PopCount(word)) < Least);
            for (var set = 0; set < count; set++)
            {
                auditor.Add(Draw());
            }
            var next = Draw();
            for (var round = 0; round < 3; round++)
            {
                show($"judge one set beside {count:N0}", () => auditor.Allows(next, complete));
            }
        }
    }

    // A large group: each bit as likely as not.
    private static PersonSet Draw()
    {
        var words = new ulong[Words];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(words.AsSpan()));
        return new PersonSet(new SetSketch(words), "");
    }
}
