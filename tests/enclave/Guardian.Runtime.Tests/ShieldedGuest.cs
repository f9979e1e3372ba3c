using System.Text;
using Guardian.Files;
using Guardian.Runtime.Network;
using Guardian.Wasi.Streams;

namespace Guardian.Runtime.Tests;

/// <summary>The guest's side of connections. Like a guest, it uses only calls that do not wait.</summary>
internal static class ShieldedGuest
{
    public static void EchoOnce(ShieldedListener listener)
    {
        IGuestSocket? connection;
        while (listener.Accept(out connection) == FileError.Again)
        {
            Thread.Sleep(1);
        }
        using (connection)
        {
            var buffer = new byte[4096];
            while (true)
            {
                var error = connection!.Read(buffer, out var read);
                if (error == FileError.Again)
                {
                    Thread.Sleep(1);
                    continue;
                }
                if (error != FileError.Success || read == 0)
                {
                    return;
                }
                Assert.Equal(FileError.Success, connection.Write(buffer.AsSpan(0, read), out var written));
                Assert.Equal(read, written);
            }
        }
    }

    public static string Exchange(IGuestSocket connection, string text)
    {
        using (connection)
        {
            Assert.Equal(FileError.Success, connection.Write(Encoding.UTF8.GetBytes(text), out _));
            Assert.Equal(FileError.Success, connection.Shutdown(reading: false, writing: true));
            return ReadToEnd(connection).Text;
        }
    }

    public static (string Text, FileError End) ReadToEnd(ShieldedListener listener)
    {
        IGuestSocket? connection;
        while (listener.Accept(out connection) == FileError.Again)
        {
            Thread.Sleep(1);
        }
        using (connection)
        {
            return ReadToEnd(connection!);
        }
    }

    public static (string Text, FileError End) ReadToEnd(IGuestSocket connection)
    {
        var received = new List<byte>();
        var buffer = new byte[100];
        while (true)
        {
            var error = connection.Read(buffer, out var read);
            if (error == FileError.Again)
            {
                Thread.Sleep(1);
                continue;
            }
            if (error != FileError.Success || read == 0)
            {
                return (Encoding.UTF8.GetString([.. received]), error);
            }
            received.AddRange(buffer.AsSpan(0, read));
        }
    }
}
