//! The table of all codes, one row a code.
//!
//! | column | says |
//! |---|---|
//! | name | the variant of [`Code`] |
//! | word | the code on the wire, in `result.json`, over HTTP and on the command line; it never changes |
//! | status | of an HTTP answer with this problem |
//! | retry | `retry`: the very same may succeed later; `final`: it will not |
//! | actor | who can do something about it, see [`Actor`](super::Actor) |
//! | meaning | for readers of this table and of its documentation; what people are told is [`Problem::message`](super::Problem::message) |

use super::row::codes;

codes! {
    /// What the daemon refuses a request with: `code` of a `fault` on the wire. PROTOCOL.md has a row for each.
    REFUSALS {
        VersionUnsupported        "version_unsupported"         422 final Developer "The message is of another major version.";
        Malformed                 "malformed"                   422 final Developer "The header is not MessagePack, or a field is missing or of the wrong type.";
        UnknownVerb               "unknown_verb"                422 final Developer "The daemon does not know the verb.";
        FramesWrong               "frames_wrong"                422 final Developer "A frame is missing, one too many, or of another length than its header says.";
        TooLarge                  "too_large"                   413 final User      "More than the limits of `hello` allow, or a body beyond those of the gateway.";
        HelloRequired             "hello_required"              503 retry Developer "The daemon does not know this client, or not any more: `hello` comes first.";
        NotAllowed                "not_allowed"                 403 final Operator  "The role of this client or token does not allow it.";
        NoSuchJob                 "no_such_job"                 404 final User      "No such job, or it is so old that it was removed.";
        WrongState                "wrong_state"                 409 final User      "The job is in a state in which this cannot be done.";
        ManifestInvalid           "manifest_invalid"            422 final Developer "The manifest contradicts itself.";
        ChunkOutOfOrder           "chunk_out_of_order"          409 retry Developer "A chunk does not begin where the item ends so far.";
        CreditExceeded            "credit_exceeded"             429 retry Developer "More chunks in flight than were granted.";
        DigestMismatch            "digest_mismatch"             422 retry User      "What arrived has another SHA-256 than the manifest says; the item is empty again.";
        UploadIncomplete          "upload_incomplete"           409 final Developer "Some items are not whole yet.";
        FolderNotAllowed          "folder_not_allowed"          403 final Operator  "The folder lies outside the allowed roots, is not there, or has changed.";
        NoSuchArtifact            "no_such_artifact"            404 final User      "The job has no such file.";
        DiskReserve               "disk_reserve"                507 retry Operator  "The disk would become too full.";
        QueueFull                 "queue_full"                  429 retry User      "Too many jobs wait already.";
        Busy                      "busy"                        429 retry User      "This client asks faster than its share allows, or the daemon has too much to do at once.";
        ShuttingDown              "shutting_down"               503 retry User      "The daemon is shutting down.";
        Internal                  "internal"                    502 retry Operator  "A fault of the daemon itself; its log has more.";
    }
    /// What is wrong with a DICOM file.
    FILES {
        FileUnreadable            "file_unreadable"             422 final User      "The file cannot be opened or read.";
        TruncatedFile             "truncated_file"              422 final User      "The file ends too early.";
        ValueBeyondEnd            "value_beyond_end"            422 final User      "An attribute claims more bytes than the file has.";
        MalformedDicom            "malformed_dicom"             422 final User      "The file is no well-formed DICOM data set.";
        NestedTooDeep             "nested_too_deep"             422 final Operator  "Sequences lie deeper in each other than the limit.";
        TooManyElements           "too_many_elements"           422 final Operator  "More attributes than the limit.";
        HeaderTooLarge            "header_too_large"            422 final Operator  "More bytes before the pixels than the limit.";
        FileTooLarge              "file_too_large"              422 final Operator  "More bytes than the limit.";
        UnsupportedTransferSyntax "unsupported_transfer_syntax" 422 final User      "The images are encoded in a way that is not read.";
        MissingAttribute          "missing_attribute"           422 final User      "An attribute that is needed is missing or empty.";
        UnusableAttribute         "unusable_attribute"          422 final User      "An attribute that is needed holds no usable value.";
        InvalidUid                "invalid_uid"                 422 final User      "A UID breaks the rule for UIDs.";
        DuplicateInstance         "duplicate_instance"          422 final User      "Two different images carry one SOP Instance UID.";
        TooManyPixels             "too_many_pixels"             422 final Operator  "More pixels than the limit.";
        NoPixels                  "no_pixels"                   422 final User      "The image has no rows or no columns.";
        PixelFormat               "pixel_format"                422 final User      "The pixels are stored in a way that is not read.";
        PixelLength               "pixel_length"                422 final User      "The pixels are fewer or more than rows and columns say.";
        SamplesBeyondBitsStored   "samples_beyond_bits_stored"  422 final User      "Pixels hold values that the header does not allow for.";
        InvalidRescale            "invalid_rescale"             422 final User      "Rescale slope or intercept is no usable number.";
        FunctionalGroups          "functional_groups"           422 final User      "The functional groups of an enhanced image do not fit its frames.";
        DamagedFragments          "damaged_fragments"           422 final User      "The fragments of compressed pixels are damaged.";
        CodestreamMismatch        "codestream_mismatch"         422 final User      "The compressed image is of another size or type than the header says.";
        DecompressionFailed       "decompression_failed"        422 final User      "The compressed image cannot be decoded.";
    }
    /// What is wrong with a study, or lies outside of what can be answered.
    STUDIES {
        InputUnreadable           "input_unreadable"            422 final User      "A folder or file that was named cannot be read.";
        NoDicom                   "no_dicom"                    422 final User      "No DICOM file is in what was named.";
        TooManyFiles              "too_many_files"              422 final Operator  "More files than the limit.";
        InputTooLarge             "input_too_large"             422 final Operator  "More bytes than the limit.";
        FoldersTooDeep            "folders_too_deep"            422 final Operator  "Folders lie deeper in each other than the limit.";
        ArchiveUnreadable         "archive_unreadable"          422 final User      "The ZIP archive is damaged.";
        ArchiveBomb               "archive_bomb"                422 final Operator  "The ZIP archive unpacks to more than the limit.";
        MixedPatients             "mixed_patients"              422 final User      "Files of several patients.";
        MixedStudies              "mixed_studies"               422 final User      "One series in several studies.";
        NeedsSelection            "needs_selection"             422 final User      "Several series fit equally well: a person chooses.";
        OutOfScope                "out_of_scope"                422 final User      "The study holds nothing that the bundle was made for.";
        NotSagittal               "not_sagittal"                422 final User      "The volume is not sagittal.";
        T1cMissing                "t1c_missing"                 422 final User      "A contrast-enhanced T1 series is needed, and is not there.";
        TooFewSections            "too_few_sections"            422 final User      "Fewer sections than a volume needs.";
        FrameOfReference          "frame_of_reference"          422 final User      "The sections lie in several frames of reference.";
        MixedSize                 "mixed_size"                  422 final User      "Sections of several sizes.";
        MixedSpacing              "mixed_spacing"               422 final User      "Sections of several pixel spacings.";
        MixedOrientation          "mixed_orientation"           422 final User      "Sections of several orientations.";
        InvalidSpacing            "invalid_spacing"             422 final User      "A pixel spacing is not a positive number.";
        OrientationNotOrthonormal "orientation_not_orthonormal" 422 final User      "The axes of the sections are not at right angles.";
        InvalidPosition           "invalid_position"            422 final User      "A position is not usable.";
        DoubledSection            "doubled_section"             422 final User      "Two sections at one place.";
        MissingSection            "missing_section"             422 final User      "A section is missing between others.";
        UnequalGaps               "unequal_gaps"                422 final User      "The gaps between sections differ.";
        ShearedStack              "sheared_stack"               422 final User      "The sections are shifted against each other.";
        InvalidGeometry           "invalid_geometry"            422 final User      "The sections do not form a grid.";
        VolumeTooLarge            "volume_too_large"            422 final Operator  "More voxels than the limit.";
        Matrix                    "matrix"                      422 final User      "The matrix of a submitted volume describes no grid.";
        MaskGrid                  "mask_grid"                   422 final User      "The corrected mask lies on another grid than its volume.";
        VoxelsNotFinite           "voxels_not_finite"           422 final User      "Voxels that are no numbers.";
        VoxelsOutOfRange          "voxels_out_of_range"         422 final User      "Voxels beyond every MR signal.";
        NoPicture                 "no_picture"                  422 final User      "All voxels are alike.";
        FewValues                 "few_values"                  422 final User      "Too few different values to be a picture.";
        EmptySections             "empty_sections"              422 final User      "Sections without any signal.";
    }
    /// What stops an analysis that had a volume.
    ANALYSIS {
        NoOnnxruntime             "no_onnxruntime"              500 final Operator  "ONNX Runtime is not there, or cannot be loaded.";
        Network                   "network"                     500 final Operator  "A network could not be run.";
        NetworkShape              "network_shape"               500 final Operator  "A network and the manifest of its bundle disagree.";
        MaskScattered             "mask_scattered"              422 final User      "The mask has more pieces than lesions can be.";
        Cancelled                 "cancelled"                   409 final User      "The job was cancelled.";
        NoBundle                  "no_bundle"                   500 final Operator  "No bundle of models is where it is looked for.";
        BundleUnreadable          "bundle_unreadable"           500 final Operator  "A file of the bundle cannot be read.";
        BundleInvalid             "bundle_invalid"              500 final Operator  "The manifest of the bundle is wrong.";
        BundleAltered             "bundle_altered"              500 final Operator  "A file of the bundle is not what its manifest says.";
        BundleGolden              "bundle_golden"               500 final Operator  "A network computes something else here than where the bundle was made.";
        ClassCodeMissing          "class_code_missing"          500 final Operator  "A class of the bundle has no code to be reported with.";
        SourceUidInvalid          "source_uid_invalid"          422 final User      "Results cannot refer to the images by their UID.";
        DeviceUnnamed             "device_unnamed"              500 final Operator  "The device has no name to be reported with.";
        ResultTooLarge            "result_too_large"            422 final User      "The result does not fit into a DICOM object.";
        ResultNotWritten          "result_not_written"          500 final Developer "A result object cannot be encoded.";
        Report                    "report"                      500 final Developer "The page of the report cannot be made.";
        NotWritable               "not_writable"                500 final Operator  "Results cannot be written where they should be.";
        DiskFull                  "disk_full"                   507 retry Operator  "The disk is full.";
    }
    /// What stops the daemon, or one of its jobs.
    DAEMON {
        Configuration             "configuration"               500 final Operator  "The configuration cannot be used.";
        Onnxruntime               "onnxruntime"                 500 final Operator  "Check of the configuration: its ONNX Runtime.";
        DaemonSocket              "daemon.socket"               500 final Operator  "Check of the configuration: this setting.";
        DaemonSpool               "daemon.spool"                500 final Operator  "Check of the configuration: this setting.";
        DaemonRoots               "daemon.roots"                500 final Operator  "Check of the configuration: this setting.";
        DaemonTcp                 "daemon.tcp"                  500 final Operator  "Check of the configuration: this setting.";
        DaemonKeys                "daemon.keys"                 500 final Operator  "Check of the configuration: this setting.";
        Daemon                    "daemon"                      500 final Operator  "The system refuses what the daemon needs.";
        NoCurve                   "no_curve"                    500 final Operator  "The ZeroMQ library of this machine cannot encrypt.";
        Keys                      "keys"                        500 final Operator  "The keys of clients cannot be read or changed.";
        Socket                    "socket"                      500 final Operator  "The socket cannot be made.";
        SocketTaken               "socket_taken"                500 final Operator  "Another program listens on the socket.";
        SpoolTaken                "spool_taken"                 500 final Operator  "Another daemon works in the spool.";
        SpoolNotWritable          "spool_not_writable"          500 final Operator  "The spool cannot be written.";
        Upload                    "upload"                      422 retry User      "What was uploaded does not fit its manifest.";
        JournalDamaged            "journal_damaged"             500 final Operator  "The journal is damaged.";
        JournalNewer              "journal_newer"               500 final Operator  "The journal was written by a later version.";
        JournalFailed             "journal_failed"              500 final Operator  "The journal does not do what it was asked.";
        JournalUnreadable         "journal_unreadable"          500 final Operator  "The journal cannot be opened.";
        JournalRowDamaged         "journal_row_damaged"         500 final Operator  "The job's row in the journal is damaged.";
        Quarantined               "quarantined"                 500 final Operator  "The daemon ended repeatedly at this job, and set it aside.";
        FolderChanged             "folder_changed"              409 final User      "The folder changed after it was submitted.";
        InputLost                 "input_lost"                  500 final Operator  "The input of the job is not in the spool any more, or was altered.";
        ReaderNotStarted          "reader_not_started"          500 final Operator  "The process that reads files could not be started.";
        ReaderBroke               "reader_broke"                500 final User      "The process that reads files ended before it had a volume.";
    }
    /// What a command of `cordline` ends with, beside the above.
    COMMAND_LINE {
        NoDaemon                  "no_daemon"                   502 retry Operator  "No daemon answers.";
        Unreadable                "unreadable"                  422 final User      "A file, or a request over HTTP, cannot be read.";
        Key                       "key"                         422 final Operator  "The file is not a key file.";
        Unexpected                "unexpected"                  502 final Operator  "The daemon answered something else than was asked.";
        Connection                "connection"                  502 retry Operator  "The connection broke, or what came was damaged.";
        NoResult                  "no_result"                   502 final Operator  "The daemon's result is not there, or cannot be read.";
        LogFilter                 "log_filter"                  500 final Operator  "The filter of the log cannot be read.";
        Audit                     "audit"                       500 final Operator  "The audit log cannot be written.";
        NoSuchFolder              "no_such_folder"              404 final Operator  "No such folder is among those that were set aside.";
        JobUnknown                "job_unknown"                 404 final Operator  "The journal does not know the job.";
        NotRestored               "not_restored"                500 final Operator  "A folder that was set aside cannot be put back.";
        NotCopied                 "not_copied"                  500 final Operator  "A folder that was set aside cannot be copied.";
        NotRemoved                "not_removed"                 500 final Operator  "A folder that was set aside cannot be removed.";
        SpoolUnreadable           "spool_unreadable"            500 final Operator  "The spool cannot be read.";
        CohortUnreadable          "cohort_unreadable"           422 final User      "The table of a cohort cannot be read.";
        CohortTable               "cohort_table"                422 final User      "The table of a cohort is wrong.";
        CohortResult              "cohort_result"               422 final User      "A result of a cohort cannot be used.";
        RocPicture                "roc_picture"                 500 final Developer "The picture of the ROC curve cannot be encoded.";
    }
    /// What the gateway refuses a request with, beside what the daemon refuses.
    GATEWAY {
        NoToken                   "no_token"                    401 final User      "No token that is known came with the request.";
        OtherOrigin               "other_origin"                403 final Operator  "The request comes from a page of another origin.";
        TooFast                   "too_fast"                    429 retry User      "Too many requests in a second.";
        TooManyRequests           "too_many_requests"           429 retry User      "Too many requests of one connection at once.";
        TooManyAnswers            "too_many_answers"            429 retry User      "Too many answers on their way that are not read.";
        TooManySockets            "too_many_sockets"            429 retry User      "Too many sockets and streams of one token.";
        TooManyConnections        "too_many_connections"        429 retry User      "Too many connections of one token.";
        TooSlow                   "too_slow"                    408 retry User      "The body of the request did not come in time.";
        NoSuchPath                "no_such_path"                404 final Developer "Nothing is served at this path.";
        MethodNotAllowed          "method_not_allowed"          405 final Developer "The path does not take this method.";
        NoUid                     "no_uid"                      422 final Developer "The text is not a UID.";
        NoVerdict                 "no_verdict"                  422 final Developer "A review without a verdict that is known.";
        NoSuchEvent               "no_such_event"               404 final User      "The job has no such event.";
        NoStudy                   "no_study"                    422 final Developer "No study was named.";
        NoSuchStudy               "no_such_study"               404 final User      "The archive has no such study.";
        NoMr                      "no_mr"                       422 final User      "The study has no MR series.";
        OtherStudy                "other_study"                 409 final User      "The job is of another study.";
        NotAnalysed               "not_analysed"                404 final User      "The study was not analysed.";
        NoArrivals                "no_arrivals"                 404 final Operator  "Studies are not taken from an archive here.";
        NotKept                   "not_kept"                    507 retry Operator  "The study cannot be put down on this machine.";
        NoteUnreadable            "note_unreadable"             409 final Operator  "What the gateway noted at the study in the archive cannot be read.";
        NoArchive                 "no_archive"                  404 final Operator  "No archive is configured.";
        ArchiveUnreachable        "archive_unreachable"         502 retry Operator  "The archive cannot be reached, or refuses.";
        ArchiveSilent             "archive_silent"              504 retry Operator  "The archive does not answer in time.";
        DaemonUnreachable         "daemon_unreachable"          502 retry Operator  "The daemon cannot be reached.";
    }
}
