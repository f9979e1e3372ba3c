using Guardian.Files.Durable;
using Microsoft.Data.Sqlite;

namespace Guardian.Cas.Store;

/// <summary>Rows in one SQLite file, for a single CAS. Not thread-safe; one thread of the vault at a time uses it.</summary>
internal sealed class SqliteRowStore : IRowStore
{
    private readonly SqliteConnection connection;

    // Each text is compiled once.
    private readonly Dictionary<string, SqliteCommand> commands = [];

    private bool isReader;

    private SqliteRowStore(SqliteConnection connection) => this.connection = connection;

    /// <summary>Opens the file and creates it at first use. The file and SQLite's two files beside it have mode 0600.</summary>
    /// <exception cref="InvalidDataException">The file is not the database of a CAS.</exception>
    public static SqliteRowStore Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            // SQLite gives its other files the mode that this one has when it makes them.
            DurableFile.Open(path).Dispose();
            foreach (var file in new[] { path, path + "-wal", path + "-shm" }.Where(File.Exists))
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
            connection.Open();
            // A session fits a page of 8 KiB, and so does a line of the log: a start reads each of them with one call of the host.
            // Every commit syncs the log, so that acknowledged changes survive a loss of power.
            using var command = connection.CreateCommand();
            command.CommandText =
                "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                + "CREATE TABLE IF NOT EXISTS rows (kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, name)) "
                + "STRICT, WITHOUT ROWID;";
            command.ExecuteNonQuery();
            return new SqliteRowStore(connection);
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw new InvalidDataException(
                $"{path} cannot be opened as the CAS's database ({failure.Message}); restore it, or use another state folder", failure);
        }
    }

    /// <summary>Opens the file to read it, also while a CAS uses it: transactions see one state and block nobody.</summary>
    /// <exception cref="InvalidDataException">The file is not there, or not the database of a CAS.</exception>
    public static SqliteRowStore OpenToRead(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadOnly,
        }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT count(*) FROM (SELECT kind, name, value FROM rows LIMIT 1)";
            command.ExecuteScalar();
            return new SqliteRowStore(connection) { isReader = true };
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw new InvalidDataException($"{path} is not there, or is not the database of a CAS ({failure.Message})", failure);
        }
    }

    /// <inheritdoc/>
    public IRowTransaction Begin() => Guarded(() => new Transaction(this, connection.BeginTransaction(deferred: isReader)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var command in commands.Values)
        {
            command.Dispose();
        }
        connection.Dispose();
    }

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException failure)
        {
            throw new StoreException(
                $"the CAS's database cannot be used ({failure.Message}); free space on its disk, or restore it from a copy", failure);
        }
        catch (Exception failure) when (failure is InvalidCastException or InvalidOperationException)
        {
            throw StoreLayout.RefuseOtherTypes(failure);
        }
    }

    private sealed class Transaction(SqliteRowStore store, SqliteTransaction transaction) : IRowTransaction
    {
        public byte[]? Find(string kind, string name) => Guarded(() =>
        {
            var command = Prepare("SELECT value FROM rows WHERE kind = $kind AND name = $name", kind, name);
            return (byte[]?)command.ExecuteScalar();
        });

        public IReadOnlyList<(string Name, byte[] Value)> List(string kind, string after, int count) => Guarded(() =>
        {
            const string Text = "SELECT name, value FROM rows WHERE kind = $kind AND name > $name ORDER BY name LIMIT $count";
            var command = Prepare(Text, kind, after);
            Set(command, "$count", count);
            using var reader = command.ExecuteReader();
            var rows = new List<(string, byte[])>();
            while (reader.Read())
            {
                // The getters by type would convert.
                rows.Add(((string)reader.GetValue(0), (byte[])reader.GetValue(1)));
            }
            return rows;
        });

        public string? FindNextKind(string after) => Guarded(() =>
        {
            var command = Prepare("SELECT kind FROM rows WHERE kind > $kind ORDER BY kind LIMIT 1", after, "");
            return (string?)command.ExecuteScalar();
        });

        public void Put(string kind, string name, byte[] value) => Guarded(() =>
        {
            const string Text =
                "INSERT INTO rows (kind, name, value) VALUES ($kind, $name, $value) "
                + "ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value";
            var command = Prepare(Text, kind, name);
            Set(command, "$value", value);
            return command.ExecuteNonQuery();
        });

        public void Delete(string kind, string name) => Guarded(() =>
        {
            var command = Prepare("DELETE FROM rows WHERE kind = $kind AND name = $name", kind, name);
            return command.ExecuteNonQuery();
        });

        public void Commit() => Guarded(() =>
        {
            transaction.Commit();
            return true;
        });

        public void Dispose() => transaction.Dispose();

        private SqliteCommand Prepare(string text, string kind, string name)
        {
            if (!store.commands.TryGetValue(text, out var command))
            {
                command = store.connection.CreateCommand();
#pragma warning disable CA2100 // the texts are the constants above
                command.CommandText = text;
#pragma warning restore CA2100
                store.commands[text] = command;
            }
            command.Transaction = transaction;
            Set(command, "$kind", kind);
            Set(command, "$name", name);
            return command;
        }

        private static void Set(SqliteCommand command, string parameter, object value)
        {
            var index = command.Parameters.IndexOf(parameter);
            if (index < 0)
            {
                command.Parameters.AddWithValue(parameter, value);
            }
            else
            {
                command.Parameters[index].Value = value;
            }
        }
    }
}
