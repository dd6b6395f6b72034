//! RLE by hand (PS3.5, annex G).

/// A frame of 16 bits a sample: the upper bytes, then the lower ones, each as literal runs.
pub fn rle_literal(values: &[u16]) -> Vec<u8> {
    let pack = |byte: fn(u16) -> u8| {
        let bytes: Vec<u8> = values.iter().map(|v| byte(*v)).collect();
        let mut out = Vec::new();
        for run in bytes.chunks(128) {
            out.push(run.len() as u8 - 1);
            out.extend(run);
        }
        if out.len() % 2 == 1 {
            out.push(0x80);
        }
        out
    };
    rle_frame(&[pack(|v| (v >> 8) as u8), pack(|v| v as u8)])
}

/// Segments behind the header that says where each begins.
pub fn rle_frame(segments: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![segments.len() as u32];
    let mut at = 64;
    for s in segments {
        header.push(at);
        at += s.len() as u32;
    }
    header.resize(16, 0);
    let mut out: Vec<u8> = header.iter().flat_map(|v| v.to_le_bytes()).collect();
    out.extend(segments.concat());
    out
}
