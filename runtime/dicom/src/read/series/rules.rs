//! The thresholds and word lists of the series choice. All of it is configuration.

use serde::{Deserialize, Serialize};

/// What makes a series a sagittal T2-weighted one of the spine.
///
/// Words are compared without case with the words of the description; `*` at an end of a word stands for anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeriesRules {
    /// Fewest sections.
    pub min_sections: usize,
    /// Most sections.
    pub max_sections: usize,
    /// Fewest rows and columns.
    pub min_matrix: u32,
    /// Most rows and columns.
    pub max_matrix: u32,
    /// Sagittal from this share of the normal along the patient's x axis.
    pub sagittal_normal: f64,
    /// Oblique, accepted with a warning, from this share.
    pub oblique_normal: f64,
    /// T2-weighted from this echo time in ms.
    pub echo_time_ms: f64,
    /// Perhaps T2-weighted (accepted with a warning) from this echo time in ms.
    pub doubtful_echo_time_ms: f64,
    /// T2-weighted from this repetition time in ms, two-dimensional.
    pub repetition_time_ms: f64,
    /// T2-weighted from this repetition time in ms, three-dimensional.
    pub repetition_time_3d_ms: f64,
    /// Inversion times in ms between which a sequence is STIR.
    pub stir_inversion_time_ms: [f64; 2],
    /// T1-weighted below this echo time in ms ...
    pub t1_echo_time_ms: f64,
    /// ... and below this repetition time in ms.
    pub t1_repetition_time_ms: f64,
    /// Accept fat suppression; only where the bundle was trained with it.
    pub allow_fat_suppression: bool,
    /// Values of ImageType or FrameType that exclude a series, each as a whole; blank and underscore are the same.
    pub image_type_excluded: Vec<String>,
    /// Values of BodyPartExamined that are spine.
    pub spine_body_parts: Vec<String>,
    /// Words in descriptions that mean spine.
    pub spine_words: Vec<String>,
    /// Words in descriptions that mean another part of the body.
    pub other_words: Vec<String>,
    /// Words in descriptions that mean a contrast agent was given.
    pub agent_words: Vec<String>,
    /// Words in descriptions that mean it was not, or not yet.
    pub no_agent_words: Vec<String>,
    /// Words in descriptions that mean fat suppression.
    pub fat_words: Vec<String>,
}

impl Default for SeriesRules {
    fn default() -> Self {
        let words = |list: &str| list.split_whitespace().map(str::to_owned).collect();
        Self {
            min_sections: 5,
            max_sections: 200,
            min_matrix: 128,
            max_matrix: 2048,
            sagittal_normal: 0.80,
            oblique_normal: 0.707,
            echo_time_ms: 60.0,
            doubtful_echo_time_ms: 50.0,
            repetition_time_ms: 1500.0,
            repetition_time_3d_ms: 1000.0,
            stir_inversion_time_ms: [100.0, 300.0],
            t1_echo_time_ms: 30.0,
            t1_repetition_time_ms: 1200.0,
            allow_fat_suppression: false,
            image_type_excluded: words(
                "LOCALIZER LOCALISER SCOUT SURVEY MPR MPR_* CSA_MPR CPR CPR_* CURVED* REFORMATTED PROJECTION* MIP* MINIP* MAX_IP MIN_IP VRT VOLREN* ADC* EADC *MAP SUBTRACT* *_SUBTRACT SUB PHASE P P_* REAL R R_* IMAGINARY I I_* VELOCITY* DIFFUSION* TRACE* FA PERFUSION* STD_DEVIATION SCREEN_SAVE",
            ),
            spine_body_parts: words(
                "SPINE CSPINE TSPINE LSPINE SSPINE CTSPINE TLSPINE LSSPINE WHOLESPINE SPINALCORD BACK",
            ),
            spine_words: words(
                "*spine spinal* cord myel* *wirbel* ws hws bws lws gws *rückenmark *rueckenmark halsmark rachis* rachid* colonne moelle cervic* servikal zervik* craniocervical thoracolumbar thorakolumb* cervicothoracic thoracic thorakal* lumb* lomb* lomber dorsolumb* dorsolomb* vertebr* wervel* cwk lwk columna coluna colonna espinal espinhal medula* medulla* midollo conus spondyl* kręgosłup* páteř* gerinc* *ranka *rygg* rygsøjle omurga* σπονδυλ* позвон* хребет* спинно* шоп поп *椎* *脊* *척추* *경추* *흉추* *요추* *척수* *שדרה* *فقري* *สันหลัง*",
            ),
            other_words: words(
                "brain head neuro skull cerebr* encephal* encefal* cerveau cervello crane cranio tête cabeza cabeça cranial neurocran* schädel schaedel kopf hirn gehirn hypoph* pituitary sella mózg* głowa hjärn* hjern* hersen* hoofd beyin iac knee knie genou rodilla* ginocchi* joelho* hip hüfte huefte hanche cadera shoulder schulter épaule hombro* spalla ankle sprunggelenk* cheville foot wrist handgelenk* poignet hand elbow ellenbogen coude thigh oberschenkel* femur isg sacroiliac iliosakral* pelvi* becken bassin prostat* uterus rectum rektum cervix fetal fetus abdomen liver breast heart herz cardiac orbit* tmj головн* черепа* колен* *脑* *脳* *头* *頭* *膝* *肩* *骨盆* *骨盤* *盆腔* *子宮* *子宫* *前列腺* *뇌* *무릎*",
            ),
            agent_words: words("gd gad* post km ce contrast kontrast* dotarem gadovist"),
            no_agent_words: words("pre ohne nativ native without non"),
            fat_words: words("fs fatsat fatsup* spir spair fettges* fettsat* fettsup* fettunter* chemsat"),
        }
    }
}
